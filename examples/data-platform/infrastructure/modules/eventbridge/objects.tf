# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What a state machine does with an uploaded object, if the input names the rule:
#
#     Accept_<rule> -> Size_<rule> -> RunForObject_<rule>, RunForObject_<rule>_above_<n>_mb
#          |
#          +-> Refuse_<rule> -> KeepFailure
#
# A rule without accept or sizes has no state for it.

locals {
  # The runs over an object: one for each size of the rule, the largest first, and one for other objects.
  object_runs = {
    for name, rule in var.s3_event_rules : name => reverse(concat(
      [{ state = "RunForObject_${name}", above_mb = null, capacity = rule }],
      [
        for size in values({ for size in rule.sizes : format("%06d", size.above_mb) => size }) :
        { state = "RunForObject_${name}_above_${size.above_mb}_mb", above_mb = size.above_mb, capacity = size }
      ],
    ))
  }

  # An upload that a rule accepts goes to the run of its size; another one goes to the queue, with the reason.
  size_state  = { for name, rule in var.s3_event_rules : name => length(rule.sizes) > 0 ? "Size_${name}" : "RunForObject_${name}" }
  first_state = { for name, rule in var.s3_event_rules : name => rule.accept == null ? local.size_state[name] : "Accept_${name}" }

  accepted = {
    for name, rule in var.s3_event_rules : name => {
      patterns = flatten([for prefix in local.prefixes[name] : [for pattern in coalesce(rule.accept.name_patterns, ["*"]) : "${prefix}${pattern}"]])
      max_mb   = rule.accept.max_mb
    } if rule.accept != null
  }

  object_states = {
    for name, rule in var.s3_event_rules : name => merge(
      {
        for accept in [rule.accept] : "Accept_${name}" => {
          Type = "Choice"
          Choices = [{
            And = concat(
              [{ Or = [for pattern in local.accepted[name].patterns : { Variable = "$.object.key", StringMatches = pattern }] }],
              [for mb in [local.accepted[name].max_mb] : { Variable = "$.object.size", NumericLessThanEquals = mb * 1048576 } if mb != null],
            )
            Next = local.size_state[name]
          }]
          Default = "Refuse_${name}"
        } if accept != null
      },
      {
        for accept in [rule.accept] : "Refuse_${name}" => {
          Type = "Pass"
          Parameters = {
            Error     = "FileRefused"
            "Cause.$" = "States.Format('expected ${join(" or ", local.accepted[name].patterns)}${local.accepted[name].max_mb == null ? "" : " of at most ${local.accepted[name].max_mb} MB"}, which the rule ${name} accepts, found {} of {} bytes', $.object.key, $.object.size)"
          }
          ResultPath = "$.failure"
          Next       = "KeepFailure"
        } if accept != null
      },
      {
        for state in ["Size_${name}"] : state => {
          Type = "Choice"
          Choices = [
            for run in local.object_runs[name] :
            { Variable = "$.object.size", NumericGreaterThan = run.above_mb * 1048576, Next = run.state } if run.above_mb != null
          ]
          Default = "RunForObject_${name}"
        } if length(rule.sizes) > 0
      },
      {
        for run in local.object_runs[name] : run.state => merge(local.after_run, {
          Type     = "Task"
          Resource = local.start_job_run
          Parameters = {
            for parameter, value in {
              JobName = split("job/", rule.target_arn)[1]
              Arguments = {
                "--${var.argument_names.env}"           = local.environment
                "--${var.argument_names.bucket}.$"      = "$.bucket.name"
                "--${var.argument_names.object_key}.$"  = "$.object.key"
                "--${var.argument_names.uploaded_at}.$" = "$.time"
              }
              WorkerType      = run.capacity.worker_type
              NumberOfWorkers = run.capacity.number_of_workers
              Timeout         = run.capacity.timeout
            } : parameter => value if value != null
          }
          Retry = local.retries
          Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "Judge" }]
        })
      },
    )
  }
}
