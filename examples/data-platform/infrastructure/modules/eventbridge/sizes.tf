# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The runs of a rule, over an object or over a batch: one for each size of the rule, and one for what is smaller.

locals {
  # The largest limit is tried first.
  capacities = {
    for name, rule in var.s3_event_rules : name => reverse(concat(
      [{ ending = "", above_mb = null, capacity = rule }],
      [
        for size in values({ for size in rule.sizes : format("%06d", size.above_mb) => size }) :
        { ending = "_above_${size.above_mb}_mb", above_mb = size.above_mb, capacity = size }
      ],
    ))
  }

  # What a run is over: the state that starts it, the one that picks its capacity, where the input has the number of
  # bytes, and the arguments. A batch has the sum of its uploads.
  run_over = {
    for name in keys(var.s3_event_rules) : name => concat(
      [{
        run   = "RunForObject_${name}"
        size  = "Size_${name}"
        bytes = "$.object.size"
        arguments = {
          "--${var.argument_names.bucket}.$"      = "$.bucket.name"
          "--${var.argument_names.object_key}.$"  = "$.object.key"
          "--${var.argument_names.uploaded_at}.$" = "$.time"
        }
      }],
      [
        for batch in keys(local.batches) : {
          run       = "RunForBatch_${name}"
          size      = "SizeOfBatch_${name}"
          bytes     = "$.bytes"
          arguments = { "--${var.argument_names.manifest}.$" = "$.manifest" }
        } if batch == name
      ],
    )
  }

  run_states = {
    for name, rule in var.s3_event_rules : name => merge([
      for over in local.run_over[name] : merge(
        {
          for state in [over.size] : state => {
            Type = "Choice"
            Choices = [
              for each in local.capacities[name] :
              { Variable = over.bytes, NumericGreaterThan = each.above_mb * 1048576, Next = "${over.run}${each.ending}" } if each.above_mb != null
            ]
            Default = over.run
          } if length(rule.sizes) > 0
        },
        {
          for each in local.capacities[name] : "${over.run}${each.ending}" => merge(local.after_run, {
            Type     = "Task"
            Resource = local.start_job_run
            Parameters = {
              for parameter, value in {
                JobName         = local.job_of[name]
                Arguments       = merge({ "--${var.argument_names.env}" = local.environment }, over.arguments)
                WorkerType      = each.capacity.worker_type
                NumberOfWorkers = each.capacity.number_of_workers
                Timeout         = each.capacity.timeout
              } : parameter => value if value != null
            }
            Retry = local.retries
            Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.failure", Next = "Judge" }]
          })
        },
      )
    ]...)
  }
}
