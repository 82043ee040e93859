# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# S3 sends the events of a bucket to the default bus of the bucket's own region and account. This module stands
# there, and sends them on to the bus where the rules of the jobs are. The rules match them by the bucket's name.
#
#     S3 Object Created -> rule on the default bus there -> default bus of the environment -> rules of the jobs
#
# The module's provider is the one of the bucket's region and account.

module "account" {
  source = "../account"
}

locals {
  # mart--prod is the environment prod of a platform with the name_prefix mart.
  environment = reverse(split("--", var.environment))[0]
  prefix      = strcontains(var.environment, "--") ? "${split("--", var.environment)[0]}-" : ""
  base        = "${local.prefix}${var.name}-forwarded-${local.environment}"

  names = {
    rule  = "${local.prefix}${local.environment}-${var.name}-forwarded"
    role  = "${local.base}-rules"
    queue = "${local.base}-dead-letters"
  }

  bus_place = join(":", slice(split(":", var.event_bus_arn), 3, 5))
  rule_arn  = "arn:${module.account.partition}:events:${module.account.place}:rule/${local.names.rule}"
  queue_arn = "arn:${module.account.partition}:sqs:${module.account.place}:${local.names.queue}"
}

resource "aws_s3_bucket_notification" "this" {
  count = var.manage_bucket_notifications ? 1 : 0

  bucket      = var.bucket_name
  eventbridge = true
}

resource "aws_cloudwatch_event_rule" "this" {
  name        = local.names.rule
  description = "Sends uploads to ${var.bucket_name} on to ${local.bus_place}"

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket_name] }
      object = {
        key  = [for prefix in var.prefixes : { prefix = prefix }]
        size = [{ numeric = [">", 0] }]
      }
    }
  })

  # AWS replaces a rule or a queue of the same name without a word, but refuses to create a role twice. So the
  # role comes first.
  depends_on = [aws_iam_role.this]

  lifecycle {
    precondition {
      condition     = local.bus_place != module.account.place
      error_message = "Expected event_bus_arn of another region or account than that of the module's provider, found ${local.bus_place} for both, where the events of ${var.bucket_name} arrive anyway: pass the provider of the bucket's region and account, providers = { aws = aws.ireland }."
    }
  }
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "event-bus"
  arn       = var.event_bus_arn
  role_arn  = aws_iam_role.this.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_iam_role" "this" {
  name                 = local.names.role
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = module.account.id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "put-events"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "events:PutEvents", Resource = var.event_bus_arn }]
  })
}

# An event that cannot be delivered waits here, in the region of the rule: EventBridge takes no other queue.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.names.queue
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.queue_kms_key_arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WhatTheRuleCouldNotDeliver"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.queue_arn
      Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
    }]
  })

  depends_on = [aws_iam_role.this]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = var.alarm_topic_arn == null ? 0 : 1

  alarm_name          = local.names.queue
  alarm_description   = "Uploads to ${var.bucket_name} did not reach ${var.event_bus_arn}; their events wait in ${local.names.queue}."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.names.queue }
  statistic           = "Maximum"
  period              = 300
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}
