# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { endpoint = "ec2.eu-central-1.amazonaws.com" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mocked" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mocked" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mocked" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:mocked" }
  }
}

variables {
  environment    = "prod"
  lake_prefix    = "data-lake"
  log_group      = "/aws-glue/data-lake-prod/output"
  schedule_group = "prod"
  glue_job_arns = {
    sales_etl       = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
    customer_import = "arn:aws:glue:eu-central-1:123456789012:job/customer-import-prod"
  }
}

run "queries_are_over_the_environments_logs" {
  command = apply

  assert {
    condition = aws_cloudwatch_query_definition.runs["event-triggered jobs"].query_string == join("\n", [
      "fields @timestamp, job_name, source_object_key, event",
      "| filter trigger_type = \"s3_event\"",
      "| filter event = \"job_started\"",
      "| sort @timestamp desc",
    ])
    error_message = "Expected the saved queries to equal those in the code."
  }

  assert {
    condition = (
      alltrue([for query in aws_cloudwatch_query_definition.runs : query.log_group_names == tolist([var.log_group])])
      && alltrue([for query in aws_cloudwatch_query_definition.executions : query.log_group_names == tolist([output.execution_log_group])])
    )
    error_message = "Expected queries over the logs of the runs and of the executions."
  }
}

run "executions_of_this_environment_are_logged" {
  command = apply

  assert {
    condition = jsondecode(one(aws_cloudwatch_event_rule.executions).event_pattern) == {
      source        = ["aws.states"]
      "detail-type" = ["Step Functions Execution Status Change"]
      detail        = { stateMachineArn = [{ suffix = ":customer-import-prod" }, { suffix = ":sales-etl-prod" }] }
    }
    error_message = "Expected one rule for the state machines of these jobs only, whatever other names end in -prod."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_resource_policy.executions.policy_document).Statement[0].Resource == "${aws_cloudwatch_log_group.executions[0].arn}:*"
    error_message = "Expected EventBridge to have write access to the log of executions only."
  }
}

run "another_platform_of_the_same_names_is_refused" {
  command = plan

  override_data {
    target = data.aws_cloudwatch_log_groups.events
    values = { log_group_names = ["/aws/events/other-lake-prod/executions"] }
  }

  expect_failures = [aws_cloudwatch_log_group.executions]
}

run "another_platform_with_a_prefix_is_none_of_the_same_names" {
  command = plan

  override_data {
    target = data.aws_cloudwatch_log_groups.events
    values = { log_group_names = ["/aws/events/other-lake-prod/mart-executions", "/aws/events/other-lake-dev/executions"] }
  }

  assert {
    condition     = aws_cloudwatch_log_group.executions[0].name == "/aws/events/data-lake-prod/executions"
    error_message = "Expected the name without a prefix."
  }
}

run "a_prefix_sets_a_platform_apart" {
  command = plan
  variables {
    name_prefix    = "mart"
    schedule_group = "mart-prod"
  }

  override_data {
    target = data.aws_cloudwatch_log_groups.events
    values = { log_group_names = ["/aws/events/other-lake-prod/executions"] }
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.executions[0].name == "/aws/events/data-lake-prod/mart-executions"
      && one(aws_cloudwatch_event_rule.executions).name == "mart-prod-executions"
    )
    error_message = "Expected the prefix in the names of the rule and of the log group, which says to others that it has one."
  }
}

run "a_deployed_platform_stays_when_another_one_comes" {
  command = plan

  override_data {
    target = data.aws_cloudwatch_log_groups.events
    values = { log_group_names = ["/aws/events/data-lake-prod/executions", "/aws/events/other-lake-prod/executions"] }
  }
}

run "alarms_are_few_and_go_to_one_encrypted_topic" {
  command = apply

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["failed-executions", "missed-schedules", "quarantine-share"]) && length(aws_cloudwatch_metric_alarm.dead_letters) == 1
    error_message = "Expected four alarms for two jobs."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.dead_letters)) :
      alarm.alarm_actions == toset([output.alarm_topic_arn]) && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "Expected alarms to notify the topic, and missing data to raise no alarm."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.dead_letters)) : alltrue([
        for query in alarm.metric_query : query.return_data == (query.id == "result") || query.return_data == null
      ])
    ])
    error_message = "Expected one result per alarm."
  }

  assert {
    condition = (
      aws_sns_topic.alarms[0].kms_master_key_id == aws_kms_key.alarms[0].arn
      && jsondecode(aws_kms_key.alarms[0].policy).Statement[1].Principal == { Service = "cloudwatch.amazonaws.com" }
      && jsondecode(aws_sns_topic_policy.alarms[0].policy).Statement[0].Principal == { Service = "cloudwatch.amazonaws.com" }
    )
    error_message = "Expected CloudWatch to have access to the topic and its key."
  }

  assert {
    condition = toset([
      for name, counted in aws_cloudwatch_log_metric_filter.this : "${counted.metric_transformation[0].namespace}/${counted.metric_transformation[0].name}"
      ]) == toset([
      for query in flatten([for alarm in aws_cloudwatch_metric_alarm.this : tolist(alarm.metric_query)]) :
      "${query.metric[0].namespace}/${query.metric[0].metric_name}" if length(query.metric) > 0 && try(query.metric[0].namespace, "") == "data-lake-prod"
    ])
    error_message = "Expected metric filters for the metrics of the alarms, and no others."
  }
}

run "without_alarms_nothing_of_them_is_there" {
  command = apply
  variables { alarms = false }

  assert {
    condition = (
      length(aws_cloudwatch_metric_alarm.this) + length(aws_cloudwatch_metric_alarm.dead_letters) == 0
      && length(aws_sns_topic.alarms) + length(aws_kms_key.alarms) + length(aws_cloudwatch_log_metric_filter.this) == 0
      && output.alarm_topic_arn == null
    )
    error_message = "Expected no alarms, no topic, no key and no metrics."
  }

  assert {
    condition     = length([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget if widget.type == "alarm"]) == 0
    error_message = "Expected a dashboard without alarms."
  }
}

run "the_queues_can_be_left_out" {
  command = apply
  variables { dead_letter_alarms = false }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.dead_letters) == 0 && length(aws_cloudwatch_metric_alarm.this) == 3
    error_message = "Expected the alarms over all jobs to remain."
  }
}

run "alarms_are_mailed_to_whom_they_are_for" {
  command = apply
  variables { alarm_emails = ["team@example.com"] }

  assert {
    condition     = aws_sns_topic_subscription.emails["team@example.com"].topic_arn == output.alarm_topic_arn
    error_message = "Expected a subscription of the address to the topic."
  }
}

run "a_thousand_jobs_stay_within_what_cloudwatch_takes" {
  command = apply
  variables {
    glue_job_arns = { for number in range(1000) : "job_${number}" => "arn:aws:glue:eu-central-1:123456789012:job/job-${number}-prod" }
  }

  assert {
    condition = (
      length(aws_cloudwatch_event_rule.executions) <= 20
      && alltrue([for rule in aws_cloudwatch_event_rule.executions : length(rule.event_pattern) <= 2048])
      && length(flatten([for rule in aws_cloudwatch_event_rule.executions : jsondecode(rule.event_pattern).detail.stateMachineArn])) == 1000
      && aws_cloudwatch_event_rule.executions[1].name == "prod-executions-2"
    )
    error_message = "Expected few rules for the machines of all jobs, each of a pattern that EventBridge takes."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.dead_letters) == 100 && alltrue([for alarm in aws_cloudwatch_metric_alarm.dead_letters : length(alarm.metric_query) <= 11])
    error_message = "Expected at most ten queues per alarm."
  }

  assert {
    condition = (
      sum([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : length(try(widget.properties.metrics, []))]) <= 2500
      && alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : length(try(widget.properties.metrics, [])) <= 500])
      && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) <= 500
    )
    error_message = "Expected at most 500 widgets, 500 metrics per widget and 2500 metrics in total."
  }

  assert {
    condition     = strcontains(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.markdown, "1000 jobs; graphs show the first 800")
    error_message = "Expected the dashboard to name the jobs that it does not show."
  }
}

run "a_job_that_is_no_glue_job_is_refused" {
  command = plan
  variables { glue_job_arns = { wrong = "arn:aws:lambda:eu-central-1:123456789012:function:x" } }
  expect_failures = [var.glue_job_arns]
}

run "an_address_that_is_none_is_refused" {
  command = plan
  variables { alarm_emails = ["team"] }
  expect_failures = [var.alarm_emails]
}

run "a_share_above_all_rows_is_refused" {
  command = plan
  variables { quarantine_percent = 100 }
  expect_failures = [var.quarantine_percent]
}

run "alarms_go_to_a_topic_that_exists" {
  command = apply
  variables { alarm_topic_arn = "arn:aws:sns:eu-central-1:123456789012:acme" }

  assert {
    condition     = length(aws_sns_topic.alarms) + length(aws_sns_topic_policy.alarms) + length(aws_kms_key.alarms) + length(aws_sns_topic_subscription.emails) == 0
    error_message = "Expected no topic, policy, key or subscription: others own them."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.dead_letters)) :
      alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:acme"])
    ]) && output.alarm_topic_arn == "arn:aws:sns:eu-central-1:123456789012:acme"
    error_message = "Expected all alarms there."
  }
}

run "addresses_beside_a_topic_that_exists_are_refused" {
  command = plan
  variables {
    alarm_topic_arn = "arn:aws:sns:eu-central-1:123456789012:acme"
    alarm_emails    = ["team@example.com"]
  }
  expect_failures = [var.alarm_topic_arn]
}

run "a_log_group_that_exists_takes_the_executions" {
  command = apply
  variables { existing_log_groups = { executions = "/acme/executions" } }

  assert {
    condition     = length(aws_cloudwatch_log_group.executions) == 0 && aws_cloudwatch_event_target.executions[0].arn == "arn:aws:logs:eu-central-1:123456789012:log-group:/acme/executions"
    error_message = "Expected the events in the log group that exists."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["failed_executions"].log_group_name == "/acme/executions" && output.execution_log_group == "/acme/executions"
    error_message = "Expected what counts and finds failures to look there."
  }
}

run "the_topic_and_the_log_group_have_keys_that_exist" {
  command = apply
  variables {
    kms_key_arns = {
      alarms = "arn:aws:kms:eu-central-1:123456789012:key/alarms"
      logs   = "arn:aws:kms:eu-central-1:123456789012:key/logs"
    }
  }

  assert {
    condition     = aws_sns_topic.alarms[0].kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/alarms" && length(aws_kms_key.alarms) == 0
    error_message = "Expected the topic with this key, and no other key."
  }

  assert {
    condition     = aws_cloudwatch_log_group.executions[0].kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/logs"
    error_message = "Expected the log group with this key."
  }
}
