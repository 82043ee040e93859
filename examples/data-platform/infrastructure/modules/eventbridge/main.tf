# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Uploads and schedules start a Glue job through its state machine. Each job has one.
#
#     S3 Object Created -> rule -> input transformer -> machine -> Glue run over one object
#     S3 Object Created -> rule -> queue -> pipe -----> machine -> Glue run over many objects, see batches.tf
#     EventBridge Scheduler --------------------------> machine -> Glue run over the directory
#     successful run of another job ------------------> machine -> Glue run over the directory
#
# A rule cannot start a Glue job, so the state machine does. It also retries errors that a retry can fix,
# waits for the run, and sends failures to a queue.

module "account" {
  source = "../account"
}

locals {
  # The jobs with a state machine: sales-etl-prod -> the ARN of its Glue job.
  targets = {
    for arn in distinct(concat(
      [for rule in values(var.s3_event_rules) : rule.target_arn],
      [for schedule in values(var.schedules) : schedule.target_arn],
      var.started_by_others,
    )) : split("job/", arn)[1] => arn
  }

  # The job that a rule starts: sales_file_trigger -> sales-etl-prod.
  job_of = { for name, rule in var.s3_event_rules : name => split("job/", rule.target_arn)[1] }

  # These are known before the resources exist, so a policy can use them without a second resource.
  machine_arns = {
    for job in keys(local.targets) :
    job => "arn:${module.account.partition}:states:${module.account.place}:stateMachine:${job}"
  }
  queue_arns = {
    for job in keys(local.targets) :
    job => "arn:${module.account.partition}:sqs:${module.account.place}:${job}-dead-letters"
  }
  # mart--prod is the environment prod of a platform with the name_prefix mart. Its names begin with mart-prod, and
  # its runs are told prod.
  environment    = reverse(split("--", var.environment))[0]
  group          = replace(var.environment, "--", "-")
  rule_names     = { for name in keys(var.s3_event_rules) : name => "${local.group}-${replace(name, "_", "-")}" }
  schedule_names = { for name in keys(var.schedules) : name => "${local.group}-${replace(name, "_", "-")}" }
}

# --- uploads ---------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "s3_event_rules" {
  for_each = var.s3_event_rules

  name        = local.rule_names[each.key]
  description = substr("Uploads of ${join(", ", local.keys[each.key].whole)} to ${each.value.bucket_name}", 0, 512)

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]
    detail = {
      bucket = { name = [each.value.bucket_name] }
      object = {
        key  = local.keys[each.key].event_pattern
        size = [{ numeric = [">", 0] }]
      }
    }
  })

  # AWS replaces a rule or a queue of the same name without a word, but refuses to create a role twice. So the
  # roles come first.
  depends_on = [aws_iam_role.rules]

  lifecycle {
    precondition {
      condition     = length(local.rule_names[each.key]) <= 64
      error_message = "Expected names of at most 64 characters, found ${length(local.rule_names[each.key])} in ${local.rule_names[each.key]}: shorten the name of the rule ${each.key}, or name_prefix."
    }
  }
}

resource "aws_cloudwatch_event_target" "s3_event_targets" {
  for_each = var.s3_event_rules

  rule      = aws_cloudwatch_event_rule.s3_event_rules[each.key].name
  target_id = "start-job"
  arn       = contains(keys(local.batches), each.key) ? aws_sqs_queue.batches[each.key].arn : aws_sfn_state_machine.job[local.job_of[each.key]].arn
  role_arn  = contains(keys(local.batches), each.key) ? null : aws_iam_role.rules[local.job_of[each.key]].arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters[local.job_of[each.key]].arn
  }

  # These are objects instead of strings, because EventBridge inserts objects as JSON, whatever a key contains.
  dynamic "input_transformer" {
    for_each = var.pass_s3_object ? [1] : []

    content {
      input_paths = {
        time   = "$.time"
        bucket = "$.detail.bucket"
        object = "$.detail.object"
      }
      input_template = <<-EOT
        {"rule": "${each.key}", "time": <time>, "bucket": <bucket>, "object": <object>}
      EOT
    }
  }
}

# --- schedules -------------------------------------------------------------------------------------

resource "aws_scheduler_schedule" "schedules" {
  #checkov:skip=CKV_AWS_297: the input is the name of the schedule, which is not secret
  for_each = var.schedules

  name                         = local.schedule_names[each.key]
  group_name                   = local.group
  schedule_expression          = each.value.schedule_expression
  schedule_expression_timezone = each.value.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.job[split("job/", each.value.target_arn)[1]].arn
    role_arn = aws_iam_role.schedules[split("job/", each.value.target_arn)[1]].arn
    input    = jsonencode({ schedule = each.key })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters[split("job/", each.value.target_arn)[1]].arn
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.schedule_names[each.key]) <= 64
      error_message = "Expected names of at most 64 characters, found ${length(local.schedule_names[each.key])} in ${local.schedule_names[each.key]}: shorten the name of the schedule ${each.key}, or name_prefix."
    }
  }
}

# --- the state machine of each job -----------------------------------------------------------------

resource "aws_sfn_state_machine" "job" {
  #checkov:skip=CKV_AWS_284: an execution has a single Glue run, so there is nothing to trace
  #checkov:skip=CKV_AWS_285: AWS keeps the history of standard executions for 90 days; logging needs permissions on *
  for_each = local.targets

  name       = each.key
  role_arn   = aws_iam_role.machine[each.key].arn
  type       = "STANDARD"
  definition = jsonencode(local.definitions[each.key])

  depends_on = [aws_iam_role_policy.machine]
}

resource "aws_sqs_queue" "dead_letters" {
  for_each = local.targets

  name                      = "${each.key}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.settings.queue_kms_key_arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WhatRulesCouldNotDeliver"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.queue_arns[each.key]
      Condition = {
        ArnLike = {
          "aws:SourceArn" = "arn:${module.account.partition}:events:${module.account.place}:rule/${local.group}-*"
        }
      }
    }]
  })

  depends_on = [aws_iam_role.machine]
}
