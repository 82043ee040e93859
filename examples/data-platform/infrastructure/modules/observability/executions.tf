# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Step Functions sends EventBridge an event when an execution starts or ends, and one rule logs them for all jobs.
# A run that was killed, or never started, only shows up here and not in the logs of the runs. AWS delivers
# these events on a best-effort basis, so the dead-letter queues are a second safety net.

locals {
  # The group's name is all names of the platform in one, so it tells platforms apart, those of older releases too.
  log_name = "/aws/events/${local.name}/${local.prefix}executions"
  others = [
    for name in data.aws_cloudwatch_log_groups.events.log_group_names :
    name if name != local.log_name && can(regex("^/aws/events/[a-z0-9-]+-${var.environment}/${local.prefix}executions$", name))
  ]

  # A pattern has at most 2048 characters, and an event bus 300 rules: as many machines in a rule as fit.
  longest  = max([for job in concat(local.jobs, ["-"]) : length(job)]...)
  machines = chunklist(local.jobs, floor(1900 / (local.longest + length("{\"suffix\":\":\"},"))))
}

data "aws_cloudwatch_log_groups" "events" {
  log_group_name_prefix = "/aws/events/"
}

resource "aws_cloudwatch_log_group" "executions" {
  #checkov:skip=CKV_AWS_158: CloudWatch encrypts with its own key; a customer key, kms_key_arns.logs, costs extra
  #checkov:skip=CKV_AWS_338: log_retention_days decides; keeping logs for a year costs more than it is worth
  count = contains(keys(var.existing_log_groups), "executions") ? 0 : 1

  name              = local.log_name
  retention_in_days = var.log_retention_days
  kms_key_id        = lookup(var.kms_key_arns, "logs", null)

  # The second platform is refused when it is new: it would take over rules of the first.
  lifecycle {
    precondition {
      condition     = length(local.others) == 0 || contains(data.aws_cloudwatch_log_groups.events.log_group_names, local.log_name)
      error_message = "Expected no other platform in this account and region whose jobs, rules and schedules are named as here, ${local.prefix}<job>-${var.environment}, found the one of ${join(", ", local.others)}. Choose a short name that sets this one apart, and put it into terraform.tfvars of the environment ${var.environment}: name_prefix = \"mart\"."
    }
  }
}

moved {
  from = aws_cloudwatch_log_group.executions
  to   = aws_cloudwatch_log_group.executions[0]
}

locals {
  executions = one(concat([for group in aws_cloudwatch_log_group.executions : { name = group.name, arn = group.arn }], [
    for use, name in var.existing_log_groups : {
      name = name
      arn  = "arn:${module.account.partition}:logs:${module.account.place}:log-group:${name}"
    } if use == "executions"
  ]))
}

resource "aws_cloudwatch_log_resource_policy" "executions" {
  policy_name = "${local.name}-executions"

  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EventsOfExecutions"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${local.executions.arn}:*"
    }]
  })
}

moved {
  from = aws_cloudwatch_event_rule.executions
  to   = aws_cloudwatch_event_rule.executions[0]
}

moved {
  from = aws_cloudwatch_event_target.executions
  to   = aws_cloudwatch_event_target.executions[0]
}

# AWS replaces a rule of the same name without a word, but refuses to create Glue jobs and schedule groups twice. These
# come first, because the output with the ARNs of the jobs depends on them.
resource "aws_cloudwatch_event_rule" "executions" {
  count = length(local.machines)

  name        = "${local.prefix}${var.environment}-executions${count.index == 0 ? "" : "-${count.index + 1}"}"
  description = "Starts and ends of executions of the state machines of ${local.name}"

  event_pattern = jsonencode({
    source        = ["aws.states"]
    "detail-type" = ["Step Functions Execution Status Change"]
    detail        = { stateMachineArn = [for job in local.machines[count.index] : { suffix = ":${job}" }] }
  })
}

resource "aws_cloudwatch_event_target" "executions" {
  count = length(local.machines)

  rule      = aws_cloudwatch_event_rule.executions[count.index].name
  target_id = "log"
  arn       = local.executions.arn
}
