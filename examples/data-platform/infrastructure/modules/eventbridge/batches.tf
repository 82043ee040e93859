# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# One run for many uploads, if the rule has batch:
#
#     rule -> queue -> pipe -> machine: Batch_<rule> -> Manifest_<rule> -> RunForBatch_<rule>
#
# The pipe waits for max_files uploads or for max_seconds, and starts the machine with a list of them. The machine
# writes the list to the artifacts bucket, because the arguments of a run would be too long for it. If the rule has
# accept, each upload that does not fit goes to the dead-letter queue, with the reason, and the others go on:
#
#     Batch_<rule> -> Refused_<rule> -> Any_<rule> -> Manifest_<rule>

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
          Next = local.size_of_batch[name]
        },
      ]
    ])
  }

  size_of_batch = { for name, rule in local.batches : name => length(rule.sizes) > 0 ? "SizeOfBatch_${name}" : "RunForBatch_${name}" }

  # What accept says, as a condition of JSONata. In a pattern, * stands for any text, and all else for itself.
  fits = {
    for name, accepted in local.accepted : name => join(" and ", concat(
      [format("(%s)", join(" or ", [
        for pattern in accepted.patterns :
        "$contains(object.key, /^${replace(replace(pattern, "/[.+()$^|\\/]/", "\\$0"), "*", "[\\s\\S]*")}$/)"
      ]))],
      [for mb in [accepted.max_mb] : "object.size <= ${mb * 1048576}" if mb != null],
    ))
  }

  batch_states = {
    for name, rule in local.batches : name => merge(
      {
        # What JSONata selects is no list if it is one upload, unless it stands in brackets.
        "Batch_${name}" = {
          Type          = "Pass"
          QueryLanguage = "JSONata"
          Output = join(" ", [
            "{% (",
            "$uploads := [$states.input${rule.accept == null ? "" : "[${local.fits[name]}]"}];",
            "{ 'batch': {",
            "'rule': '${name}',",
            "'manifest': 's3://${local.manifests}/${local.manifest_place[local.job_of[name]]}/' & $states.context.Execution.Name & '.json',",
            "'files': $count($uploads),",
            "'bytes': $sum($uploads.object.size)",
            "}, 'uploads': $uploads",
            rule.accept == null ? "" : ", 'refused': [$states.input[$not(${local.fits[name]})]]",
            "}) %}",
          ])
          Next = rule.accept == null ? "Manifest_${name}" : "Refused_${name}"
        }

        # From here on, the state of the execution names the manifest in place of the uploads.
        "Manifest_${name}" = {
          Type     = "Task"
          Resource = "arn:${module.account.partition}:states:::aws-sdk:s3:putObject"
          Parameters = {
            Bucket   = local.manifests
            "Key.$"  = "States.Format('${local.manifest_place[local.job_of[name]]}/{}.json', $$.Execution.Name)"
            "Body.$" = "$.uploads"
          }
          ResultPath = null
          OutputPath = "$.batch"
          Retry      = [{ ErrorEquals = ["States.TaskFailed"], IntervalSeconds = 2, BackoffRate = 2, MaxAttempts = 4, JitterStrategy = "FULL" }]
          Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "KeepFailure" }]
          Next       = local.size_of_batch[name]
        }
      },
      [for refusing, states in local.states_of_refusals : states if refusing == name]...
    )
  }

  states_of_refusals = {
    for name, rule in local.batches : name => {
      "Refused_${name}" = {
        Type           = "Map"
        ItemsPath      = "$.refused"
        MaxConcurrency = 10
        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "RefuseOfBatch_${name}"
          States = {
            "RefuseOfBatch_${name}" = merge(local.refusals[name], { Next = "KeepRefused_${name}" })
            "KeepRefused_${name}"   = merge(local.keep[local.job_of[name]], { End = true })
          }
        }
        ResultPath = null
        Next       = "Any_${name}"
      }

      "Any_${name}" = {
        Type    = "Choice"
        Choices = [{ Variable = "$.batch.files", NumericGreaterThan = 0, Next = "Manifest_${name}" }]
        Default = "NoneOf_${name}"
      }

      "NoneOf_${name}" = {
        Type  = "Fail"
        Error = "FileRefused"
        Cause = "expected an upload that the rule ${name} accepts, found none in the batch: the dead-letter queue has each one with the reason"
      }
    } if rule.accept != null
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
    deadLetterTargetArn = aws_sqs_queue.dead_letters[local.job_of[each.key]].arn
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
  description = "Starts ${local.job_of[each.key]} with up to ${each.value.batch.max_files} uploads"
  role_arn    = aws_iam_role.pipes[local.job_of[each.key]].arn
  source      = aws_sqs_queue.batches[each.key].arn
  target      = aws_sfn_state_machine.job[local.job_of[each.key]].arn

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
