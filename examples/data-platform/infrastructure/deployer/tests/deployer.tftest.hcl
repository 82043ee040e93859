# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/mocked" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
}

variables {
  github_repository = "acme/lake"
  state_bucket      = "states-of-acme"
  environments      = ["first7", "second7"]
}

run "only_this_repository_may_assume_the_roles" {
  assert {
    condition = jsondecode(aws_iam_role.this["second7-deploy"].assume_role_policy).Statement[0].Condition.StringEquals == {
      "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:sub" = ["repo:acme/lake:environment:second7"]
    }
    error_message = "Only a job of GitHub's environment second7 may deploy to second7."
  }

  assert {
    condition = jsondecode(aws_iam_role.this["first7-plan"].assume_role_policy).Statement[0].Condition.StringEquals == {
      "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:sub" = ["repo:acme/lake:pull_request", "repo:acme/lake:ref:refs/heads/main"]
    }
    error_message = "Pull requests and main may plan."
  }

  assert {
    condition     = toset(keys(output.github_variables)) == toset(["AWS_PLAN_ROLE_FIRST7", "AWS_DEPLOY_ROLE_FIRST7", "AWS_PLAN_ROLE_SECOND7", "AWS_DEPLOY_ROLE_SECOND7"])
    error_message = "The workflow reads these variables."
  }
}

run "a_policy_fits_into_iam_and_names_one_environment" {
  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(policy.policy) <= 6144])
    error_message = "A managed policy of IAM has at most 6144 characters."
  }

  assert {
    condition     = alltrue([for name, policy in aws_iam_policy.this : !strcontains(policy.policy, startswith(name, "first7") ? "second7" : "first7") && !strcontains(policy.policy, "//")])
    error_message = "The policies of an environment do not name another one, and the reasons stay in the file."
  }
}

run "the_one_who_plans_changes_nothing" {
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_policy.this["first7-read"].policy).Statement :
      alltrue([for action in statement.Action : can(regex(":(Get|List|Describe|Validate)", action))])
    ])
    error_message = "The policy of those who plan only reads."
  }

  assert {
    condition     = [for name, attached in aws_iam_role_policy_attachment.this : name if strcontains(name, "-plan-")] == ["first7-plan-read", "second7-plan-read"]
    error_message = "Those who plan have no other policy."
  }
}

run "a_database_is_that_of_the_environment" {
  assert {
    condition = (
      strcontains(aws_iam_policy.this["first7-change"].policy, "_first7_silver\"")
      && strcontains(aws_iam_policy.this["second7-later"].policy, "_second7_silver/*\"")
    )
    error_message = "Expected the usual name of the silver bucket with underscores."
  }
}

run "an_account_has_the_identity_provider_once" {
  variables {
    create_oidc_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "There is a provider in this account already."
  }
}

run "a_repository_has_an_owner_and_a_name" {
  command = plan

  variables {
    github_repository = "https://github.com/acme/lake"
  }

  expect_failures = [var.github_repository]
}

run "a_prefix_keeps_other_platforms_out_of_reach" {
  variables {
    name_prefixes = { second7 = "mart" }
  }

  assert {
    condition = (
      strcontains(aws_iam_policy.this["second7-read"].policy, ":rule/mart-second7-*")
      && strcontains(aws_iam_policy.this["second7-change"].policy, ":job/mart-*-second7\"")
      && strcontains(aws_iam_policy.this["second7-roles"].policy, ":role/mart-*-second7-job\"")
      && !strcontains(aws_iam_policy.this["first7-change"].policy, "mart-")
    )
    error_message = "Expected the rights of the environment with a prefix to name it, and of no other environment."
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(policy.policy) <= 6144])
    error_message = "A managed policy of IAM has at most 6144 characters."
  }
}
