# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# CloudWatch charges 0.10 USD a month for each metric in an alarm. One alarm per state machine would cost 200 USD
# for 1000 jobs (failures and timeouts). A Metrics Insights query over all state machines is charged for each
# metric that it reads, and alarms do not support SEARCH. So failures of all jobs are counted together in their
# logs. Only the queues are watched one by one, because each has its own metric: ten in an alarm, which is the
# maximum.

locals {
  # Alarms over all jobs of the environment. Missing data does not raise an alarm, because a metric has no data
  # while nothing happens.
  alarms = {
    failed-executions = {
      description = "Runs failed, timed out or were stopped. make job-runs ENV=${var.environment} lists them, and make replay runs them again."
      threshold   = 0
      period      = 300
      expression  = "failed"
      metrics     = { failed = [local.namespace, "failed_executions", {}] }
    }
    missed-schedules = {
      description = "EventBridge Scheduler gave up starting a job. make doctor ENV=${var.environment} says why."
      threshold   = 0
      period      = 300
      expression  = "FILL(dropped, 0) + FILL(kept, 0)"
      metrics = {
        dropped = ["AWS/Scheduler", "InvocationDroppedCount", { ScheduleGroup = var.schedule_group }]
        kept    = ["AWS/Scheduler", "InvocationsSentToDeadLetterCount", { ScheduleGroup = var.schedule_group }]
      }
    }
    quarantine-share = {
      description = "More than ${var.quarantine_percent} % of the rows read within an hour were invalid. The saved query 'quarantined rows' says where."
      threshold   = var.quarantine_percent
      period      = 3600
      expression  = "IF(read > 0, 100 * quarantined / read, 0)"
      metrics = {
        quarantined = [local.namespace, "rows_quarantined", {}]
        read        = [local.namespace, "rows_read", {}]
      }
    }
  }

  # The number of the alarm -> the queues that it watches.
  queues = { for number, jobs in chunklist(local.jobs, 10) : number => [for job in jobs : "${job}-dead-letters"] }

  # name of the metric -> its log group, the lines that count, and the value that each line adds
  counted = {
    failed_executions = {
      log_group = local.executions.name
      pattern   = "{ ($.detail.status = \"FAILED\") || ($.detail.status = \"TIMED_OUT\") || ($.detail.status = \"ABORTED\") }"
      value     = "1"
    }
    rows_read = {
      log_group = var.log_group
      pattern   = "{ $.event = \"data_written\" }"
      value     = "$.rows_read"
    }
    rows_quarantined = {
      log_group = var.log_group
      pattern   = "{ $.event = \"data_written\" }"
      value     = "$.rows_quarantined"
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = { for name, counted in local.counted : name => counted if var.alarms }

  name           = "${local.name}-${replace(each.key, "_", "-")}"
  log_group_name = each.value.log_group
  pattern        = each.value.pattern

  metric_transformation {
    namespace = local.namespace
    name      = each.key
    value     = each.value.value
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms }

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topic_arns

  metric_query {
    id          = "result"
    expression  = each.value.expression
    label       = each.key
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value[0]
        metric_name = metric_query.value[1]
        dimensions  = metric_query.value[2]
        period      = each.value.period
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = { for number, queues in local.queues : number => queues if var.alarms && var.dead_letter_alarms }

  alarm_name          = "${local.name}-dead-letters-${each.key}"
  alarm_description   = "Undelivered events or failed runs wait in ${join(", ", each.value)}. make doctor ENV=${var.environment} lists them, and make replay runs them again."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topic_arns

  metric_query {
    id          = "result"
    expression  = "SUM(FILL(METRICS(), 0))"
    label       = "messages"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { for position, queue in each.value : "queue${position}" => queue }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/SQS"
        metric_name = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = metric_query.value }
        period      = 300
        stat        = "Maximum"
      }
    }
  }
}

# --- the one topic ---------------------------------------------------------------------------------

# Alarms go to a topic that exists, or to one of this module.
locals {
  has_topic  = var.alarm_topic_arn != null
  makes_key  = var.alarms && !local.has_topic && !contains(keys(var.kms_key_arns), "alarms")
  topic_arns = local.has_topic ? [var.alarm_topic_arn] : aws_sns_topic.alarms[*].arn
}

resource "aws_sns_topic" "alarms" {
  count = var.alarms && !local.has_topic ? 1 : 0

  name              = "${local.name}-alarms"
  kms_master_key_id = lookup(var.kms_key_arns, "alarms", one(aws_kms_key.alarms[*].arn))

  # AWS returns a topic of the same name that is there, and replaces alarms. A log group it refuses to create twice.
  depends_on = [aws_cloudwatch_log_group.executions]
}

resource "aws_sns_topic_policy" "alarms" {
  count = length(aws_sns_topic.alarms)

  arn = aws_sns_topic.alarms[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms[0].arn
      Condition = { StringEquals = { "aws:SourceAccount" = module.account.id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "emails" {
  for_each = var.alarms && !local.has_topic ? var.alarm_emails : toset([])

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = each.key
}

# CloudWatch may not use the default key of SNS.
resource "aws_kms_key" "alarms" {
  count = local.makes_key ? 1 : 0

  description             = "Messages of the topic ${local.name}-alarms"
  enable_key_rotation     = true
  deletion_window_in_days = 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministeredByTheAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${module.account.partition}:iam::${module.account.id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = module.account.id } }
      },
    ]
  })
}
