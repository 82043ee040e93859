# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The roles with which CI plans and deploys: one pair for each environment. An administrator applies this once in
# each account. policy.json says what they may do, and docs/deploying.md how to set them up.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  issuer    = "token.actions.githubusercontent.com"
  provider  = "arn:${local.partition}:iam::${local.account}:oidc-provider/${local.issuer}"

  # The one who plans is a pull request or a commit of main. The one who applies is a job of GitHub's environment
  # of the same name, which may have to be approved.
  subjects = merge([
    for environment in var.environments : {
      "${environment}-plan" = {
        environment = environment
        allowed     = ["repo:${var.github_repository}:pull_request", "repo:${var.github_repository}:ref:refs/heads/main"]
      }
      "${environment}-deploy" = {
        environment = environment
        allowed     = ["repo:${var.github_repository}:environment:${environment}"]
      }
    }
  ]...)

  # What a policy says under "//" is for its readers.
  statements = {
    for environment in var.environments : environment => [
      for statement in jsondecode(templatefile("${path.module}/policy.json", {
        partition    = local.partition
        region       = var.region
        account      = local.account
        environment  = environment
        prefix       = lookup(var.name_prefixes, environment, "") == "" ? "" : "${var.name_prefixes[environment]}-"
        project      = "data-platform"
        lake         = "data-lake-${environment}"
        database     = replace("data-lake-${environment}-silver", "/[-.]/", "_")
        state_bucket = var.state_bucket
        state_key    = "data-platform/${environment}/terraform.tfstate"
      })).Statement : { for name, value in statement : name => value if name != "//" }
    ]
  }

  # An IAM policy has at most 6144 characters. Statements whose Sid begins with Read are for both roles.
  policies = merge([
    for environment, statements in local.statements : {
      "${environment}-read"   = [for statement in statements : statement if startswith(statement.Sid, "Read")]
      "${environment}-change" = [for statement in statements : statement if startswith(statement.Sid, "Change")]
      "${environment}-later"  = [for statement in statements : statement if startswith(statement.Sid, "Later")]
      "${environment}-roles"  = [for statement in statements : statement if startswith(statement.Sid, "Roles")]
    }
  ]...)

  attached = merge([
    for environment in var.environments : {
      "${environment}-plan-read"     = { role = "${environment}-plan", policy = "${environment}-read" }
      "${environment}-deploy-read"   = { role = "${environment}-deploy", policy = "${environment}-read" }
      "${environment}-deploy-change" = { role = "${environment}-deploy", policy = "${environment}-change" }
      "${environment}-deploy-later"  = { role = "${environment}-deploy", policy = "${environment}-later" }
      "${environment}-deploy-roles"  = { role = "${environment}-deploy", policy = "${environment}-roles" }
    }
  ]...)
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "data-platform-${each.key}"
  description          = "GitHub Actions of ${var.github_repository}"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider }
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = each.value.allowed
        }
      }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_policy" "this" {
  for_each = local.policies

  name   = "data-platform-${each.key}"
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attached

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = aws_iam_policy.this[each.value.policy].arn
}
