# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# One run for many uploads, if the rule has batch:
#
#     rule -> queue -> pipe -> machine: Batch_<rule> -> Manifest_<rule> -> RunForBatch_<rule>
#
# The pipe waits for max_files uploads or for max_seconds, and starts the machine with a list of them. The machine
# writes the list to the artifacts bucket, because the arguments of a run would be too long for it.

locals {
  # A rollback has no use for batches: each of its runs reads the whole directory.
  batches      = { for name, rule in var.s3_event_rules : name => rule if rule.batch != null && var.pass_s3_object }
  batch_queues = { for name in keys(local.batches) : name => "${local.rule_names[name]}-batches" }
  batch_queue_arns = {
    for name, queue in local.batch_queues : name => "arn:${module.account.partition}:sqs:${module.account.place}:${queue}"
  }
  batch_rules = {
    for job, rules in local.rules_of : job => [for name in keys(rules) : name if contains(keys(local.batches), name)]
  }

  manifests      = try(var.settings.manifests.bucket, "")
  manifest_place = { for job in keys(local.targets) : job => "manifests/${job}" }

  # A list comes from the pipe. What a failed run left in the dead-letter queue names its manifest.
  batch_choices = {
    for job, names in local.batch_rules : job => flatten([
      for name in names : [
        {
          And  = [{ Variable = "$[0].rule", IsPresent = true }, { Variable = "$[0].rule", StringEquals = name }]
          Next = "Batch_${name}"
        },
        {
          And = [
            { Variable = "$.manifest", IsPresent = true },
            { Variable = "$.rule", StringEquals = name },
          ]
          Next = "RunForBatch_${name}"
        },
      ]
    ])
  }

  batch_states = {
    for name, rule in local.batches : name => {
      for job in [split("job/", rule.target_arn)[1]] : name => {
        "Batch_${name}" = {
          Type = "Pass"
          Parameters = {
            batch = {
              rule         = name
              "manifest.$" = "States.Format('s3://${local.manifests}/${local.manifest_place[job]}/{}.json', $$.Execution.Name)"
              "files.$"    = "States.ArrayLength($)"
            }
            "uploads.$" = "$"
          }
          Next = "Manifest_${name}"
        }

        # From here on, the state of the execution names the manifest in place of the uploads.
        "Manifest_${name}" = {
          Type     = "Task"
          Resource = "arn:${module.account.partition}:states:::aws-sdk:s3:putObject"
          Parameters = {
            Bucket   = local.manifests
            "Key.$"  = "States.Format('${local.manifest_place[job]}/{}.json', $$.Execution.Name)"
            "Body.$" = "$.uploads"
          }
          ResultPath = null
          OutputPath = "$.batch"
          Retry      = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, BackoffRate = 2, MaxAttempts = 4, JitterStrategy = "FULL" }]
          Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "KeepFailure" }]
          Next       = "RunForBatch_${name}"
        }

        "RunForBatch_${name}" = merge(local.after_run, {
          Type     = "Task"
          Resource = local.start_job_run
          Parameters = {
            for parameter, value in {
              JobName = job
              Arguments = {
                "--${var.argument_names.env}"        = local.environment
                "--${var.argument_names.manifest}.$" = "$.manifest"
              }
              WorkerType      = rule.worker_type
              NumberOfWorkers = rule.number_of_workers
              Timeout         = rule.timeout
            } : parameter => value if value != null
          }
          Retry = local.retries
          Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "Judge" }]
        })
      }
    }[name]
  }
}

resource "aws_sqs_queue" "batches" {
  for_each = local.batches

  name                      = local.batch_queues[each.key]
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.settings.queue_kms_key_arn == null ? true : null
  kms_master_key_id         = var.settings.queue_kms_key_arn

  # A message that the pipe has is hidden until the batch is full and the machine is started.
  visibility_timeout_seconds = each.value.batch.max_seconds + 180

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[split("job/", each.value.target_arn)[1]].arn
    maxReceiveCount     = 3
  })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "UploadsOfTheRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.batch_queue_arns[each.key]
      Condition = {
        ArnEquals = {
          "aws:SourceArn" = "arn:${module.account.partition}:events:${module.account.place}:rule/${local.rule_names[each.key]}"
        }
      }
    }]
  })

  depends_on = [aws_iam_role.pipes]

  lifecycle {
    precondition {
      condition     = var.settings.manifests != null
      error_message = "Expected settings with manifests for the batches of the rule ${each.key}, found none: add settings = var.settings to the block, and manifests = { bucket = module.data_platform.artifact_bucket } to the settings of the environment."
    }
  }
}

resource "aws_pipes_pipe" "batches" {
  #checkov:skip=CKV_AWS_297: the pipe's filter and template are not secret; the queue has its own key
  for_each = local.batches

  name        = local.rule_names[each.key]
  description = "Starts ${split("job/", each.value.target_arn)[1]} with up to ${each.value.batch.max_files} uploads"
  role_arn    = aws_iam_role.pipes[split("job/", each.value.target_arn)[1]].arn
  source      = aws_sqs_queue.batches[each.key].arn
  target      = aws_sfn_state_machine.job[split("job/", each.value.target_arn)[1]].arn

  source_parameters {
    filter_criteria {
      filter {
        pattern = jsonencode({ body = { object = { key = [for suffix in local.suffixes[each.key] : { suffix = suffix }] } } })
      }
    }

    sqs_queue_parameters {
      batch_size                         = each.value.batch.max_files
      maximum_batching_window_in_seconds = each.value.batch.max_seconds
    }
  }

  # The pipe would pass the messages with their metadata, and fewer of them would fit into an input. It inserts
  # objects as JSON, whatever a key contains.
  target_parameters {
    input_template = <<-EOT
      {"rule": "${each.key}", "time": <$.body.time>, "bucket": <$.body.bucket>, "object": <$.body.object>}
    EOT

    step_function_state_machine_parameters {
      invocation_type = "FIRE_AND_FORGET"
    }
  }

  depends_on = [aws_iam_role_policy.pipes]
}

resource "aws_iam_role" "pipes" {
  for_each = { for job, arn in local.targets : job => arn if length(local.batch_rules[job]) > 0 }

  name                 = "${each.key}-pipes"
  path                 = var.settings.role_path
  permissions_boundary = var.settings.permissions_boundary
  assume_role_policy   = local.trust["pipes"]
}

resource "aws_iam_role_policy" "pipes" {
  for_each = aws_iam_role.pipes

  name = "start-machine"
  role = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
          Resource = [for name in local.batch_rules[each.key] : local.batch_queue_arns[name]]
        },
        { Effect = "Allow", Action = "states:StartExecution", Resource = local.machine_arns[each.key] },
      ],
      [for key in compact([var.settings.queue_kms_key_arn]) : { Effect = "Allow", Action = "kms:Decrypt", Resource = key }],
    )
  })
}
