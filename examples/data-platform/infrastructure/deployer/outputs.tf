# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "github_variables" {
  description = "Variables of the repository on GitHub that switch the workflow deploy.yml on, with their values."
  value = merge([
    for environment in var.environments : {
      "AWS_PLAN_ROLE_${upper(environment)}"   = aws_iam_role.this["${environment}-plan"].arn
      "AWS_DEPLOY_ROLE_${upper(environment)}" = aws_iam_role.this["${environment}-deploy"].arn
    }
  ]...)
}
