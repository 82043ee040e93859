# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The state machine of a job, in Amazon States Language.

locals {
  # Starting a run can fail temporarily or permanently. A run that started and failed is not retried,
  # because every repeat costs money; but once, if it failed while it replaced rows in the table.
  retries = [
    {
      ErrorEquals     = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
      IntervalSeconds = 60
      BackoffRate     = 1.5
      MaxDelaySeconds = 900
      MaxAttempts     = 40
      JitterStrategy  = "FULL"
    },
    {
      # Glue reports throttling as Glue.AWSGlueException. This is enough for 1000 uploads at once.
      ErrorEquals     = ["Glue.AWSGlueException", "Glue.InternalServiceException", "Glue.OperationTimeoutException"]
      IntervalSeconds = 5
      BackoffRate     = 2
      MaxDelaySeconds = 300
      MaxAttempts     = 20
      JitterStrategy  = "FULL"
    },
  ]

  start_job_run = "arn:${module.account.partition}:states:::glue:startJobRun.sync"
  send_message  = "arn:${module.account.partition}:states:::sqs:sendMessage"

  rules_of = {
    for job, arn in local.targets :
    job => { for name, rule in var.s3_event_rules : name => rule if rule.target_arn == arn }
  }

  # Keeps what could not be run, with the reason, in the dead-letter queue of the job.
  keep = {
    for job in keys(local.targets) : job => {
      Type     = "Task"
      Resource = local.send_message
      Parameters = {
        QueueUrl        = aws_sqs_queue.dead_letters[job].url
        "MessageBody.$" = "$"
      }
      ResultPath = null
    }
  }

  definitions = {
    for job, arn in local.targets : job => {
      Comment        = "Starts ${job} for an uploaded object or for the whole directory, and waits for it"
      StartAt        = "Route"
      TimeoutSeconds = var.execution_timeout * 60

      States = merge(
        {
          Route = {
            Type    = "Choice"
            Choices = concat(local.batch_choices[job], local.upload_choices[job], [{ Variable = "$.schedule", IsPresent = true, Next = "RunForDirectory" }])
            Default = "Ignore"
          }

          Ignore = { Type = "Succeed", Comment = "An upload of another suffix" }

          RunForDirectory = merge(local.after_run, {
            Type       = "Task"
            Resource   = local.start_job_run
            Parameters = { JobName = job, Arguments = { "--${var.argument_names.env}" = local.environment } }
            Retry      = local.retries
            Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "Judge" }]
          })

          # The runtime's name for it is in the error message of the Glue run, which the cause contains.
          Judge = {
            Type = "Choice"
            Choices = [{
              And = [
                { Variable = "$.repeated", IsPresent = false },
                { Variable = "$.failure.Cause", StringMatches = "*CommitError*" },
              ]
              Next = "Repeat"
            }]
            Default = "KeepFailure"
          }

          Repeat = {
            Type       = "Pass"
            Result     = true
            ResultPath = "$.repeated"
            Next       = "Route"
          }

          KeepFailure = merge(local.keep[job], { Next = "Failed" })

          # This error has its own name, because the name of a failed run, States.TaskFailed, is reserved.
          Failed = {
            Type      = "Fail"
            Error     = "JobRunFailed"
            CausePath = "$.failure.Cause"
          }
        },
        merge([for name in keys(local.rules_of[job]) : merge(local.object_states[name], local.run_states[name]) if var.pass_s3_object]...),
        merge([for name in local.batch_rules[job] : local.batch_states[name]]...),
        local.next_states,
      )
    }
  }

  # The input transformer adds the name of the rule; without it, the event arrives as S3 sent it.
  upload_choices = {
    for job, arn in local.targets : job => flatten(concat(
      [
        for name in keys(local.rules_of[job]) : [
          for pattern in local.keys[name].after_rule : {
            And = [
              { Variable = "$.rule", IsPresent = true },
              { Variable = "$.rule", StringEquals = name },
              { Variable = "$.object.key", StringMatches = pattern },
            ]
            Next = local.first_state[name]
          }
        ] if var.pass_s3_object
      ],
      [
        for name in keys(local.rules_of[job]) : [
          for pattern in local.keys[name].whole : {
            And = [
              { Variable = "$.detail.object.key", IsPresent = true },
              { Variable = "$.detail.object.key", StringMatches = pattern },
            ]
            Next = "RunForDirectory"
          }
        ] if !var.pass_s3_object
      ],
    ))
  }
}
