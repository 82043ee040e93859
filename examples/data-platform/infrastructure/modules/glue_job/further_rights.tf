# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

resource "aws_iam_role_policy" "further" {
  count = length(var.policy_statements) > 0 ? 1 : 0

  name = "further-rights"
  role = aws_iam_role.job[0].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = var.policy_statements
  })
}
