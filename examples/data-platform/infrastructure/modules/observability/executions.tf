# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Step Functions sends EventBridge an event when an execution starts or ends, and one rule logs them for all jobs.
# A run that was killed, or never started, only shows up here and not in the logs of the runs. AWS delivers
# these events on a best-effort basis, so the dead-letter queues are a second safety net.

resource "aws_cloudwatch_log_group" "executions" {
  #checkov:skip=CKV_AWS_158: CloudWatch encrypts with its own key; a customer key, kms_key_arns.logs, costs extra
  #checkov:skip=CKV_AWS_338: log_retention_days decides; keeping logs for a year costs more than it is worth
  count = contains(keys(var.existing_log_groups), "executions") ? 0 : 1

  name              = "/aws/events/${local.name}/executions"
  retention_in_days = var.log_retention_days
  kms_key_id        = lookup(var.kms_key_arns, "logs", null)
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

resource "aws_cloudwatch_event_rule" "executions" {
  name        = "${var.environment}-executions"
  description = "Starts and ends of executions of the state machines whose names end in -${var.environment}"

  event_pattern = jsonencode({
    source        = ["aws.states"]
    "detail-type" = ["Step Functions Execution Status Change"]
    detail        = { stateMachineArn = [{ suffix = "-${var.environment}" }] }
  })
}

resource "aws_cloudwatch_event_target" "executions" {
  rule      = aws_cloudwatch_event_rule.executions.name
  target_id = "log"
  arn       = local.executions.arn
}
