# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { endpoint = "ec2.eu-west-1.amazonaws.com" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mocked", url = "https://sqs/mocked" }
  }
}

variables {
  environment   = "prod"
  name          = "landing"
  bucket_name   = "acme-landing-prod"
  prefixes      = ["orders/", "returns/"]
  event_bus_arn = "arn:aws:events:eu-central-1:123456789012:event-bus/default"
}

run "an_upload_is_sent_on_to_the_bus_of_the_environment" {
  command = apply

  assert {
    condition     = aws_cloudwatch_event_rule.this.name == "prod-landing-forwarded"
    error_message = "Expected a rule named after environment and name."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.this.event_pattern) == {
      source        = ["aws.s3"]
      "detail-type" = ["Object Created"]
      detail = {
        bucket = { name = ["acme-landing-prod"] }
        object = {
          key  = [{ prefix = "orders/" }, { prefix = "returns/" }]
          size = [{ numeric = [">", 0] }]
        }
      }
    }
    error_message = "Expected uploads with these prefixes, and no empty ones."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.arn == var.event_bus_arn && aws_cloudwatch_event_target.this.role_arn == aws_iam_role.this.arn
    error_message = "Expected the environment's bus as target, with the role."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn && aws_cloudwatch_event_target.this.retry_policy[0].maximum_event_age_in_seconds == 86400
    error_message = "Expected a day of attempts, and then the dead-letter queue."
  }

  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0 && length(aws_cloudwatch_metric_alarm.dead_letters) == 0
    error_message = "Expected the notifications of the bucket to stay its owner's, and no alarm without a topic."
  }
}

run "the_role_may_put_events_on_this_bus_alone" {
  command = apply

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement == [
      { Effect = "Allow", Action = "events:PutEvents", Resource = "arn:aws:events:eu-central-1:123456789012:event-bus/default" }
    ]
    error_message = "Expected the right to put events on this bus, and no other."
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0] == {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }
    error_message = "Expected a role for EventBridge in this account."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.dead_letters.policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:eu-west-1:123456789012:rule/prod-landing-forwarded"
    error_message = "Expected a queue that takes the events of this rule alone."
  }
}

run "what_is_the_account_s_own_is_used" {
  command = apply

  variables {
    environment                 = "mart--prod"
    event_bus_arn               = "arn:aws:events:eu-west-1:210987654321:event-bus/default"
    manage_bucket_notifications = true
    role_path                   = "/events/"
    permissions_boundary        = "arn:aws:iam::123456789012:policy/boundary"
    queue_kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/7a2d3c4b-0e9f-4a81-9b2c-3d4e5f6a7b8c"
    alarm_topic_arn             = "arn:aws:sns:eu-west-1:123456789012:alarms"
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.name == "mart-prod-landing-forwarded" && aws_iam_role.this.name == "mart-landing-forwarded-prod-rules" && aws_sqs_queue.dead_letters.name == "mart-landing-forwarded-prod-dead-letters"
    error_message = "Expected names with the prefix of the platform, in the forms that the deployer's policy names."
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge
    error_message = "Expected the bucket to send events to EventBridge."
  }

  assert {
    condition     = aws_iam_role.this.path == "/events/" && aws_iam_role.this.permissions_boundary == var.permissions_boundary
    error_message = "Expected the path and the boundary of the account."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.kms_master_key_id == var.queue_kms_key_arn
    error_message = "Expected a queue with the given key."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.dead_letters[0].dimensions.QueueName == aws_sqs_queue.dead_letters.name && contains(aws_cloudwatch_metric_alarm.dead_letters[0].alarm_actions, var.alarm_topic_arn)
    error_message = "Expected an alarm that tells the topic of this queue."
  }

  assert {
    condition = output.event_bus_policy_statement == {
      Sid       = "mart-prod-landing-forwarded"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "events:PutEvents"
      Resource  = "arn:aws:events:eu-west-1:210987654321:event-bus/default"
      Condition = { StringEquals = { "events:source" = "aws.s3" } }
    }
    error_message = "Expected a statement for this account and for events of S3."
  }
}

run "the_bus_of_the_bucket_itself_is_refused" {
  command = plan

  variables {
    event_bus_arn = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
  }

  expect_failures = [aws_cloudwatch_event_rule.this]
}

run "a_name_that_is_too_long_is_refused" {
  command = plan

  variables {
    name = "a-name-of-forty-three-characters-is-too-long"
  }

  expect_failures = [var.name]
}

run "what_aws_would_refuse_is_refused" {
  command = plan

  variables {
    name              = "landing_zone"
    bucket_name       = "s3://acme-landing"
    prefixes          = ["orders/*"]
    event_bus_arn     = "arn:aws:events:eu-central-1:123456789012:event-bus/own"
    queue_kms_key_arn = "alias/own"
    alarm_topic_arn   = "alarms"
  }

  expect_failures = [
    var.name, var.bucket_name, var.prefixes, var.event_bus_arn, var.queue_kms_key_arn, var.alarm_topic_arn,
  ]
}

run "the_name_of_an_environment_is_expected" {
  command = plan

  variables {
    environment = "Prod"
  }

  expect_failures = [var.environment]
}
