# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What a state machine does after a successful run, if the block has then:
#
#     RunFor... -> Start_<job>, one for each job of then -> Started
#
# The name of the execution that starts is the id of the run that ended. AWS accepts a name only once,
# so a run starts the next job once, however often this step is repeated.

locals {
  next_jobs = [for arn in var.then : split("job/", arn)[1]]

  # A run hands over to the first of these states. Its result is kept beside the input, which a message
  # in the dead-letter queue contains.
  hands_over = length(var.then) > 0
  after_run = {
    for field, value in {
      Next       = local.hands_over ? "Start_${local.next_jobs[0]}" : null
      ResultPath = local.hands_over ? "$.run" : null
      End        = local.hands_over ? null : true
    } : field => value if value != null
  }

  next_states = merge(
    {
      for index, next in local.next_jobs : "Start_${next}" => {
        Type     = "Task"
        Resource = "arn:${module.account.partition}:states:::states:startExecution"
        Parameters = {
          StateMachineArn = "arn:${module.account.partition}:states:${module.account.place}:stateMachine:${next}"
          "Name.$"        = "$.run.Id"
          Input           = { "schedule.$" = "States.Format('after {}', $$.StateMachine.Name)" }
        }
        ResultPath = null
        Retry = [
          { ErrorEquals = ["StepFunctions.ExecutionAlreadyExistsException"], MaxAttempts = 0 },
          {
            ErrorEquals     = ["States.TaskFailed"]
            IntervalSeconds = 5
            BackoffRate     = 2
            MaxDelaySeconds = 300
            MaxAttempts     = 10
            JitterStrategy  = "FULL"
          },
        ]
        Catch = [
          { ErrorEquals = ["StepFunctions.ExecutionAlreadyExistsException"], ResultPath = null, Next = local.next_steps[index] },
          { ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "KeepFailure" },
        ]
        Next = local.next_steps[index]
      }
    },
    { for state in ["Started"] : state => { Type = "Succeed", OutputPath = "$.run" } if local.hands_over },
  )

  next_steps = [
    for index in range(length(var.then)) :
    index + 1 < length(var.then) ? "Start_${local.next_jobs[index + 1]}" : "Started"
  ]
}
