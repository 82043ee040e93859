# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Step Functions sends EventBridge an event when an execution starts or ends, and one rule logs them for all jobs.
# A run that was killed, or never started, only shows up here and not in the logs of the runs. AWS delivers
# these events on a best-effort basis, so the dead-letter queues are a second safety net.

resource "aws_cloudwatch_log_group" "executions" {
  #checkov:skip=CKV_AWS_158: CloudWatch encrypts with its own key; a customer key costs extra
  #checkov:skip=CKV_AWS_338: log_retention_days decides; keeping logs for a year costs more than it is worth
  name              = "/aws/events/${local.name}/executions"
  retention_in_days = var.log_retention_days
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
      Resource  = "${aws_cloudwatch_log_group.executions.arn}:*"
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
  arn       = aws_cloudwatch_log_group.executions.arn
}
