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

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:mocked" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:mocked", url = "https://sqs/mocked" }
  }
}

variables {
  environment = "prod"

  s3_event_rules = {
    sales_file_trigger = {
      bucket_name       = "data-lake-prod-bronze"
      prefix            = "sales/"
      suffix            = ".csv"
      target_arn        = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
      worker_type       = "G.1X"
      number_of_workers = 2
      timeout           = 15
    }
    product_json_trigger = {
      bucket_name = "data-lake-prod-bronze"
      prefix      = "products/"
      suffix      = ".json"
      target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/product-catalog-prod"
    }
  }

  schedules = {
    weekly_sales_summary = {
      schedule_expression = "cron(0 3 ? * MON *)"
      timezone            = "Europe/Berlin"
      target_arn          = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
    }
  }
}

run "an_upload_starts_the_machine_of_its_job" {
  command = apply

  assert {
    condition     = aws_cloudwatch_event_rule.s3_event_rules["sales_file_trigger"].name == "prod-sales-file-trigger"
    error_message = "Expected rules named after environment and rule."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.s3_event_rules["sales_file_trigger"].event_pattern).detail == {
      bucket = { name = ["data-lake-prod-bronze"] }
      object = { key = [{ prefix = "sales/" }], size = [{ numeric = [">", 0] }] }
    }
    error_message = "Expected a rule to check bucket, prefix and size only: EventBridge combines prefix and suffix with or."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.s3_event_targets : strcontains(target.arn, ":stateMachine:")])
    error_message = "Expected the state machine as target: a rule cannot start a Glue job."
  }

  assert {
    condition = (
      trimspace(aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"].input_transformer[0].input_template)
      == "{\"rule\": \"sales_file_trigger\", \"time\": <time>, \"bucket\": <bucket>, \"object\": <object>}"
    )
    error_message = "Expected placeholders without quotes and escapes."
  }

  assert {
    condition     = toset(keys(aws_sfn_state_machine.job)) == toset(["sales-etl-prod", "product-catalog-prod"])
    error_message = "Expected one state machine per job."
  }
}

run "a_prefix_is_in_the_names_and_not_in_the_environment_of_a_run" {
  command = apply
  variables { environment = "mart--prod" }

  assert {
    condition = (
      aws_cloudwatch_event_rule.s3_event_rules["sales_file_trigger"].name == "mart-prod-sales-file-trigger"
      && aws_scheduler_schedule.schedules["weekly_sales_summary"].name == "mart-prod-weekly-sales-summary"
      && aws_scheduler_schedule.schedules["weekly_sales_summary"].group_name == "mart-prod"
    )
    error_message = "Expected names that begin with the prefix and the environment."
  }

  assert {
    condition     = endswith(jsondecode(aws_sqs_queue.dead_letters["sales-etl-prod"].policy).Statement[0].Condition.ArnLike["aws:SourceArn"], ":rule/mart-prod-*")
    error_message = "Expected the queue to take what rules of this platform could not deliver."
  }

  assert {
    condition = alltrue([
      for state in values(jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States) :
      try(state.Parameters.Arguments["--env"], "prod") == "prod"
    ])
    error_message = "Expected runs in the environment prod."
  }
}

run "names_that_are_too_long_with_the_prefix_are_refused" {
  command = plan
  variables {
    environment = "abcdefghij--production"
    s3_event_rules = {
      a_name_of_fifty_two_characters_which_is_the_most_xxx = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
      }
    }
    schedules = {
      a_name_of_fifty_two_characters_which_is_the_most_xxx = {
        schedule_expression = "cron(0 3 ? * MON *)"
        target_arn          = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
      }
    }
  }
  expect_failures = [aws_cloudwatch_event_rule.s3_event_rules, aws_scheduler_schedule.schedules]
}

run "the_machine_of_a_job_tells_its_two_ways_to_start" {
  command = apply

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Route.Choices == [
      {
        And = [
          { Variable = "$.rule", IsPresent = true },
          { Variable = "$.rule", StringEquals = "sales_file_trigger" },
          { Variable = "$.object.key", StringMatches = "*.csv" },
        ]
        Next = "RunForObject_sales_file_trigger"
      },
      { Variable = "$.schedule", IsPresent = true, Next = "RunForDirectory" },
    ]
    error_message = "Expected the state machine to check the suffix, and a schedule to start a run over the directory."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.RunForObject_sales_file_trigger.Parameters == {
      JobName         = "sales-etl-prod"
      Arguments       = { "--env" = "prod", "--bucket.$" = "$.bucket.name", "--object_key.$" = "$.object.key", "--uploaded_at.$" = "$.time" }
      WorkerType      = "G.1X"
      NumberOfWorkers = 2
      Timeout         = 15
    }
    error_message = "Expected an event run to receive the object and the capacity of its rule."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.RunForDirectory.Parameters == {
      JobName   = "sales-etl-prod"
      Arguments = { "--env" = "prod" }
    }
    error_message = "Expected a scheduled run without an object."
  }

  assert {
    condition = alltrue(flatten([
      for machine in aws_sfn_state_machine.job : [
        for state in values(jsondecode(machine.definition).States) :
        !contains(flatten([for retry in try(state.Retry, []) : retry.ErrorEquals]), "States.TaskFailed")
        && !contains(flatten([for retry in try(state.Retry, []) : retry.ErrorEquals]), "States.ALL")
      ]
    ]))
    error_message = "Expected no retry of a failed run."
  }
}

run "a_run_that_failed_in_its_commit_is_repeated_once" {
  command = apply

  assert {
    condition = alltrue([
      for machine in aws_sfn_state_machine.job :
      jsondecode(machine.definition).States.Judge.Choices == [
        {
          And = [
            { Variable = "$.repeated", IsPresent = false },
            { Variable = "$.failure.Cause", StringMatches = "*CommitError*" },
          ]
          Next = "Repeat"
        },
      ]
      && jsondecode(machine.definition).States.Judge.Default == "KeepFailure"
      && jsondecode(machine.definition).States.Repeat.ResultPath == "$.repeated"
      && jsondecode(machine.definition).States.Repeat.Next == "Route"
      && alltrue([
        for state in values(jsondecode(machine.definition).States) :
        state.Type != "Task" || try(state.Catch[0].Next, "Judge") == "Judge"
      ])
    ])
    error_message = "Expected a repeat of runs whose error has the runtime's name for a failed commit, and of no others."
  }
}

run "a_job_from_elsewhere_keeps_arguments_of_the_usual_names" {
  command = apply

  variables {
    argument_names = { env = "event_env", bucket = "event_bucket" }
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.RunForObject_sales_file_trigger.Parameters.Arguments == {
      "--event_env" = "prod", "--event_bucket.$" = "$.bucket.name", "--object_key.$" = "$.object.key", "--uploaded_at.$" = "$.time"
    }
    error_message = "Expected the other names, and the usual ones for the rest."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.RunForDirectory.Parameters.Arguments == { "--event_env" = "prod" }
    error_message = "Expected the other name also in a run over the directory."
  }
}

run "a_schedule_starts_the_same_machine" {
  command = apply

  assert {
    condition = (
      aws_scheduler_schedule.schedules["weekly_sales_summary"].schedule_expression_timezone == "Europe/Berlin"
      && aws_scheduler_schedule.schedules["weekly_sales_summary"].target[0].arn == aws_sfn_state_machine.job["sales-etl-prod"].arn
      && jsondecode(aws_scheduler_schedule.schedules["weekly_sales_summary"].target[0].input) == { schedule = "weekly_sales_summary" }
    )
    error_message = "Expected a schedule to start the job's state machine, in its own time zone."
  }
}

run "roles_may_do_what_they_need" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.rules), values(aws_iam_role_policy.schedules), values(aws_iam_role_policy.machine)) : [
        for statement in jsondecode(policy.policy).Statement :
        [for value in flatten([statement.Action, statement.Resource]) : !strcontains(value, "*")]
      ]
    ]))
    error_message = "Expected no wildcard as an action or a resource."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.machine["sales-etl-prod"].policy, "job/sales-etl-prod") && !strcontains(aws_iam_role_policy.machine["sales-etl-prod"].policy, "product-catalog")
    error_message = "Expected a state machine to run only its own job."
  }
}

run "the_rollback_runs_the_directory_for_every_upload" {
  command = apply
  variables { pass_s3_object = false }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.s3_event_targets : length(target.input_transformer) == 0])
    error_message = "Expected no input transformer without the object."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["product-catalog-prod"].definition).States.Route.Choices[0] == {
      And = [
        { Variable = "$.detail.object.key", IsPresent = true },
        { Variable = "$.detail.object.key", StringMatches = "products/*.json" },
      ]
      Next = "RunForDirectory"
    }
    error_message = "Expected prefix and suffix to apply after a rollback."
  }
}

run "a_glue_job_of_another_repository_may_have_capitals_and_underscores" {
  command = apply
  variables {
    s3_event_rules = {
      orders = { bucket_name = "b", prefix = "orders/", suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/Orders_ETL" }
    }
    schedules = {}
  }

  assert {
    condition     = keys(aws_sfn_state_machine.job) == ["Orders_ETL"]
    error_message = "Expected the state machine to have the name of its job."
  }
}

run "a_prefix_may_have_blanks_and_may_be_empty" {
  command = plan
  variables {
    s3_event_rules = {
      blanks = { bucket_name = "b", prefix = "Daily Säles (new)/", suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
      whole  = { bucket_name = "b", prefix = "", suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
    }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.s3_event_rules["blanks"].event_pattern).detail.object.key == [{ prefix = "Daily Säles (new)/" }]
    error_message = "Expected the prefix as it is."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.s3_event_rules["whole"].event_pattern).detail.object.key == [{ prefix = "" }]
    error_message = "Expected a rule for every key of the bucket."
  }
}

run "a_rule_may_have_several_prefixes_and_suffixes" {
  command = apply

  variables {
    s3_event_rules = {
      both = {
        bucket_name = "data-lake-prod-bronze"
        prefixes    = ["orders/", "returns/"]
        suffixes    = [".csv", ".csv.gz"]
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        accept      = { name_patterns = ["daily_*"] }
      }
    }
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.s3_event_rules["both"].event_pattern).detail.object.key == [{ prefix = "orders/" }, { prefix = "returns/" }]
    error_message = "Expected one rule about both prefixes."
  }

  assert {
    condition = [
      for choice in jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Route.Choices : choice.And[2].StringMatches
      if contains(keys(choice), "And")
    ] == ["*.csv", "*.csv.gz"]
    error_message = "Expected the state machine to check both suffixes."
  }

  assert {
    condition = [
      for condition in jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Accept_both.Choices[0].And[0].Or : condition.StringMatches
    ] == ["orders/daily_*", "returns/daily_*"]
    error_message = "Expected the patterns of names below each prefix."
  }
}

run "a_prefix_beside_prefixes_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      both = { bucket_name = "b", prefix = "a/", prefixes = ["b/"], suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/j" }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_rule_without_a_suffix_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      none = { bucket_name = "b", prefix = "a/", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/j" }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_prefix_twice_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      twice = { bucket_name = "b", prefixes = ["a/", "a/"], suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/j" }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_wildcard_in_a_list_of_prefixes_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      wild = { bucket_name = "b", prefixes = ["a/", "b*/"], suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/j" }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_prefix_of_a_parent_folder_is_refused" {
  command = plan
  variables {
    s3_event_rules = {
      wrong = { bucket_name = "b", prefix = "sales/../", suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
    }
  }
  expect_failures = [var.s3_event_rules]
}

run "a_wildcard_in_a_prefix_is_refused" {
  command = plan
  variables {
    s3_event_rules = {
      wrong = { bucket_name = "b", prefix = "sales*/", suffix = ".csv", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
    }
  }
  expect_failures = [var.s3_event_rules]
}

run "a_target_that_is_no_glue_job_is_refused" {
  command = plan
  variables {
    s3_event_rules = {
      wrong = { bucket_name = "b", prefix = "sales/", suffix = ".csv", target_arn = "arn:aws:lambda:eu-central-1:123456789012:function:x" }
    }
  }
  expect_failures = [var.s3_event_rules]
}

run "workers_without_their_type_are_refused" {
  command = plan
  variables {
    s3_event_rules = {
      wrong = { bucket_name = "b", prefix = "sales/", suffix = ".csv", number_of_workers = 2, target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
    }
  }
  expect_failures = [var.s3_event_rules]
}

run "the_largest_size_comes_first_and_a_rule_without_sizes_has_no_choice" {
  command = apply

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        sizes = [
          { above_mb = 90, timeout = 30 },
          { above_mb = 1000, worker_type = "G.2X", number_of_workers = 10 },
        ]
        accept = { max_mb = 2000 }
      }
      full_sales_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "full/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
      }
    }
  }

  assert {
    condition = [
      for choice in jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Size_sales_file_trigger.Choices :
      choice.Next
    ] == ["RunForObject_sales_file_trigger_above_1000_mb", "RunForObject_sales_file_trigger_above_90_mb"]
    error_message = "Expected the largest size to be compared first."
  }

  assert {
    condition = [
      for choice in jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Route.Choices : choice.Next
    ] == ["RunForObject_full_sales_trigger", "Accept_sales_file_trigger", "RunForDirectory"]
    error_message = "Expected a rule without accept to go straight to its run."
  }
}

run "two_equal_sizes_are_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        sizes       = [{ above_mb = 90, timeout = 30 }, { above_mb = 90, timeout = 60 }]
      }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_size_of_workers_without_their_type_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        sizes       = [{ above_mb = 90, number_of_workers = 30 }]
      }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "accept_of_nothing_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        accept      = {}
      }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_cron_of_unix_is_refused" {
  command = plan
  variables {
    schedules = {
      wrong = { schedule_expression = "cron(0 3 * * 1)", target_arn = "arn:aws:glue:eu-central-1:123456789012:job/x" }
    }
  }
  expect_failures = [var.schedules]
}

run "a_successful_run_starts_the_next_jobs" {
  command = apply

  variables {
    then = ["arn:aws:glue:eu-central-1:123456789012:job/monthly-report-prod"]
  }

  assert {
    condition = alltrue([
      for machine in aws_sfn_state_machine.job : alltrue([
        for name, state in jsondecode(machine.definition).States :
        state.Next == "Start_monthly-report-prod" && state.ResultPath == "$.run" if startswith(name, "RunFor")
      ])
    ])
    error_message = "Expected every run to hand over to the next job."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States["Start_monthly-report-prod"].Parameters == {
      StateMachineArn = "arn:aws:states:eu-central-1:123456789012:stateMachine:monthly-report-prod"
      "Name.$"        = "$.run.Id"
      Input           = { "schedule.$" = "States.Format('after {}', $$.StateMachine.Name)" }
    }
    error_message = "Expected one execution for each run, over the directory."
  }
}

run "a_job_that_starts_itself_is_refused" {
  command = plan

  variables {
    then = ["arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"]
  }

  expect_failures = [var.then]
}

run "a_name_in_place_of_an_arn_is_refused" {
  command = plan

  variables {
    then = ["monthly_report"]
  }

  expect_failures = [var.then]
}

run "a_name_of_a_job_that_others_start_is_refused" {
  command = plan

  variables {
    started_by_others = ["monthly_report"]
  }

  expect_failures = [var.started_by_others]
}

run "a_job_that_others_start_has_a_machine" {
  command = apply

  variables {
    s3_event_rules    = {}
    schedules         = {}
    started_by_others = ["arn:aws:glue:eu-central-1:123456789012:job/monthly-report-prod"]
  }

  assert {
    condition     = keys(aws_sfn_state_machine.job) == ["monthly-report-prod"]
    error_message = "Expected a machine for a job that only another one starts."
  }
}

run "roles_have_the_path_and_boundary_of_the_environment_and_queues_its_key" {
  command = apply
  variables {
    settings = {
      role_path            = "/acme/"
      permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
      queue_kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/queues"
    }
  }

  assert {
    condition = alltrue([
      for role in concat(values(aws_iam_role.rules), values(aws_iam_role.schedules), values(aws_iam_role.machine)) :
      role.path == "/acme/" && role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    ])
    error_message = "Expected every role in the path and within the boundary."
  }

  assert {
    condition     = alltrue([for queue in values(aws_sqs_queue.dead_letters) : queue.kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/queues"])
    error_message = "Expected the key of the environment."
  }

  assert {
    condition = alltrue([
      for policy in concat(values(aws_iam_role_policy.schedules), values(aws_iam_role_policy.machine)) : contains(
        [for statement in jsondecode(policy.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "kms:GenerateDataKey")],
        "arn:aws:kms:eu-central-1:123456789012:key/queues"
      )
    ])
    error_message = "Expected whoever sends to a queue to encrypt with its key."
  }
}

run "a_rule_with_batch_starts_one_run_for_many_uploads" {
  command = apply

  variables {
    settings = { manifests = { bucket = "data-lake-prod-artifacts", kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/lake" } }
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name       = "data-lake-prod-bronze"
        prefix            = "sales/"
        suffixes          = [".csv", ".csv.gz"]
        target_arn        = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        worker_type       = "G.2X"
        number_of_workers = 5
        batch             = { max_files = 200, max_seconds = 60 }
      }
      full_sales_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "full/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
      }
    }
  }

  assert {
    condition = (
      aws_sqs_queue.batches["sales_file_trigger"].name == "prod-sales-file-trigger-batches"
      && jsondecode(aws_sqs_queue.batches["sales_file_trigger"].redrive_policy).deadLetterTargetArn == aws_sqs_queue.dead_letters["sales-etl-prod"].arn
      && aws_sqs_queue.batches["sales_file_trigger"].visibility_timeout_seconds > 60
      && keys(aws_sqs_queue.batches) == ["sales_file_trigger"]
    )
    error_message = "Expected a queue for the rule with batch alone, whose messages end in the dead-letter queue of the job."
  }

  assert {
    condition = (
      jsondecode(aws_sqs_queue.batches["sales_file_trigger"].policy).Statement[0].Resource == "arn:aws:sqs:eu-central-1:123456789012:prod-sales-file-trigger-batches"
      && endswith(jsondecode(aws_sqs_queue.batches["sales_file_trigger"].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"], ":rule/prod-sales-file-trigger")
    )
    error_message = "Expected a queue that takes the uploads of its rule alone."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"].arn == aws_sqs_queue.batches["sales_file_trigger"].arn
      && aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"].role_arn == null
      && length(aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"].dead_letter_config) == 1
      && aws_cloudwatch_event_target.s3_event_targets["full_sales_trigger"].arn == aws_sfn_state_machine.job["sales-etl-prod"].arn
    )
    error_message = "Expected the queue as target of the rule with batch, and the machine as that of the other one."
  }

  assert {
    condition = (
      aws_pipes_pipe.batches["sales_file_trigger"].name == "prod-sales-file-trigger"
      && aws_pipes_pipe.batches["sales_file_trigger"].source_parameters[0].sqs_queue_parameters[0].batch_size == 200
      && aws_pipes_pipe.batches["sales_file_trigger"].source_parameters[0].sqs_queue_parameters[0].maximum_batching_window_in_seconds == 60
      && aws_pipes_pipe.batches["sales_file_trigger"].target_parameters[0].step_function_state_machine_parameters[0].invocation_type == "FIRE_AND_FORGET"
      && jsondecode([for each in aws_pipes_pipe.batches["sales_file_trigger"].source_parameters[0].filter_criteria[0].filter : each.pattern][0]) == {
        body = { object = { key = [{ suffix = ".csv" }, { suffix = ".csv.gz" }] } }
      }
      && trimspace(aws_pipes_pipe.batches["sales_file_trigger"].target_parameters[0].input_template) == "{\"rule\": \"sales_file_trigger\", \"time\": <$.body.time>, \"bucket\": <$.body.bucket>, \"object\": <$.body.object>}"
    )
    error_message = "Expected a pipe that checks the suffixes, waits for a batch, and inserts objects without quotes."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.pipes["sales-etl-prod"].policy).Statement == [
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = ["arn:aws:sqs:eu-central-1:123456789012:prod-sales-file-trigger-batches"]
      },
      { Effect = "Allow", Action = "states:StartExecution", Resource = "arn:aws:states:eu-central-1:123456789012:stateMachine:sales-etl-prod" },
    ]
    error_message = "Expected a pipe that may read its queue and start its machine."
  }

  assert {
    condition = alltrue([
      for needed in [
        { Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::data-lake-prod-artifacts/manifests/sales-etl-prod/*" },
        { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = "arn:aws:kms:eu-central-1:123456789012:key/lake" },
      ] : contains([for statement in jsondecode(aws_iam_role_policy.machine["sales-etl-prod"].policy).Statement : jsonencode(statement)], jsonencode(needed))
    ])
    error_message = "Expected a machine that may write the manifests of its job."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.RunForBatch_sales_file_trigger.Parameters == {
      JobName         = "sales-etl-prod"
      Arguments       = { "--env" = "prod", "--manifest.$" = "$.manifest" }
      WorkerType      = "G.2X"
      NumberOfWorkers = 5
    }
    error_message = "Expected one run over the manifest, with the capacity of the rule."
  }

  assert {
    condition = [
      for choice in jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Route.Choices : choice.Next
      ] == [
      "Batch_sales_file_trigger", "RunForBatch_sales_file_trigger", "RunForObject_full_sales_trigger",
      "RunForObject_sales_file_trigger", "RunForObject_sales_file_trigger", "RunForDirectory",
    ]
    error_message = "Expected lists, manifests and single uploads to have their runs: a single one is that of a dead letter."
  }

  assert {
    condition = slice(jsondecode(aws_sfn_state_machine.job["sales-etl-prod"].definition).States.Route.Choices, 0, 2) == [
      {
        And = [
          { Variable = "$[0].rule", IsPresent = true },
          { Variable = "$[0].rule", StringEquals = "sales_file_trigger" },
        ]
        Next = "Batch_sales_file_trigger"
      },
      {
        And = [
          { Variable = "$.manifest", IsPresent = true },
          { Variable = "$.rule", StringEquals = "sales_file_trigger" },
        ]
        Next = "RunForBatch_sales_file_trigger"
      },
    ]
    error_message = "Expected lists and manifests of the rule to be told from those of others."
  }
}

run "a_rollback_has_no_batches" {
  command = apply

  variables {
    pass_s3_object = false
    settings       = { manifests = { bucket = "data-lake-prod-artifacts" } }
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        batch       = { max_files = 200, max_seconds = 60 }
      }
    }
  }

  assert {
    condition = (
      length(aws_sqs_queue.batches) == 0 && length(aws_pipes_pipe.batches) == 0 && length(aws_iam_role.pipes) == 0
      && aws_cloudwatch_event_target.s3_event_targets["sales_file_trigger"].arn == aws_sfn_state_machine.job["sales-etl-prod"].arn
    )
    error_message = "Expected the rule to start the machine without a queue."
  }
}

run "a_batch_without_a_bucket_for_its_manifests_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        batch       = { max_files = 200, max_seconds = 60 }
      }
    }
  }

  expect_failures = [aws_sqs_queue.batches]
}

run "a_batch_that_waits_for_longer_than_a_pipe_can_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        batch       = { max_files = 200, max_seconds = 301 }
      }
    }
  }

  expect_failures = [var.s3_event_rules]
}

run "a_batch_of_more_files_than_fit_into_an_input_is_refused" {
  command = plan

  variables {
    s3_event_rules = {
      sales_file_trigger = {
        bucket_name = "data-lake-prod-bronze"
        prefix      = "sales/"
        suffix      = ".csv"
        target_arn  = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-prod"
        batch       = { max_files = 501, max_seconds = 60 }
      }
    }
  }

  expect_failures = [var.s3_event_rules]
}
