# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The roles: rules and schedules may start the state machine, and the state machine may run the job.

locals {
  # Who sends to a queue with a key of its own encrypts the message.
  use_of_the_key = [
    for key in compact([var.settings.queue_kms_key_arn]) :
    { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = key }
  ]

  services = {
    rules     = "events.amazonaws.com"
    pipes     = "pipes.amazonaws.com"
    schedules = "scheduler.amazonaws.com"
    machine   = "states.amazonaws.com"
  }

  trust = {
    for name, service in local.services : name => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = service }
        Condition = { StringEquals = { "aws:SourceAccount" = module.account.id } }
      }]
    })
  }
}

resource "aws_iam_role" "rules" {
  for_each = local.targets

  name                 = "${each.key}-rules"
  path                 = var.settings.role_path
  permissions_boundary = var.settings.permissions_boundary
  assume_role_policy   = local.trust["rules"]
}

resource "aws_iam_role_policy" "rules" {
  for_each = local.targets

  name = "start-machine"
  role = aws_iam_role.rules[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "states:StartExecution", Resource = local.machine_arns[each.key] }]
  })
}

resource "aws_iam_role" "schedules" {
  for_each = local.targets

  name                 = "${each.key}-schedules"
  path                 = var.settings.role_path
  permissions_boundary = var.settings.permissions_boundary
  assume_role_policy   = local.trust["schedules"]
}

resource "aws_iam_role_policy" "schedules" {
  for_each = local.targets

  name = "start-machine"
  role = aws_iam_role.schedules[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      { Effect = "Allow", Action = "states:StartExecution", Resource = local.machine_arns[each.key] },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = local.queue_arns[each.key] },
    ], local.use_of_the_key)
  })
}

resource "aws_iam_role" "machine" {
  for_each = local.targets

  name                 = "${each.key}-machine"
  path                 = var.settings.role_path
  permissions_boundary = var.settings.permissions_boundary
  assume_role_policy   = local.trust["machine"]
}

resource "aws_iam_role_policy" "machine" {
  for_each = local.targets

  name = "run-job"
  role = aws_iam_role.machine[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
          Resource = each.value
        },
        { Effect = "Allow", Action = "sqs:SendMessage", Resource = local.queue_arns[each.key] },
      ],
      [
        for state in values(local.next_states) :
        { Effect = "Allow", Action = "states:StartExecution", Resource = state.Parameters.StateMachineArn } if state.Type == "Task"
      ],
      length(local.batch_rules[each.key]) == 0 ? [] : concat(
        [{
          Effect   = "Allow"
          Action   = "s3:PutObject"
          Resource = "arn:${module.account.partition}:s3:::${local.manifests}/${local.manifest_place[each.key]}/*"
        }],
        [
          for key in compact([try(var.settings.manifests.kms_key_arn, null)]) :
          { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = key }
        ],
      ),
      local.use_of_the_key,
    )
  })
}
