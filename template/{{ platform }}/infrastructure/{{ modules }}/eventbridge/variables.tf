# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "environment" {
  description = "Name of the environment, such as dev; mart--dev if the platform has the name_prefix mart."
  type        = string
}

variable "s3_event_rules" {
  description = <<-EOT
    Event rules that start a Glue job, by name. An object starts the job if its key begins with prefix
    and ends with suffix, and if it is not empty; an empty prefix is the whole bucket. prefixes and suffixes
    in their place are lists, of which one of each has to match. target_arn is the ARN of the Glue job. worker_type,
    number_of_workers and timeout (in minutes) apply to the event runs of this rule; if they are null,
    the settings of the job apply. sizes replaces them for objects above a number of MB, and for batches whose
    sum is above it; the largest limit that is exceeded counts. accept limits the objects that start a run:
    name_patterns for the key after the prefix, in which * stands for any text, and max_mb. Another object
    starts nothing; its event goes to the dead-letter queue with the reason, and the others of its batch run.
    batch gives one run to many objects: to max_files of them, or to those of max_seconds after the first
    one, whichever comes first. A list of objects that is longer than 262,144 characters makes several runs.
  EOT
  type = map(object({
    bucket_name       = string
    prefix            = optional(string)
    suffix            = optional(string)
    prefixes          = optional(list(string))
    suffixes          = optional(list(string))
    target_arn        = string
    worker_type       = optional(string)
    number_of_workers = optional(number)
    timeout           = optional(number)

    sizes = optional(list(object({
      above_mb          = number
      worker_type       = optional(string)
      number_of_workers = optional(number)
      timeout           = optional(number)
    })), [])

    accept = optional(object({
      name_patterns = optional(list(string))
      max_mb        = optional(number)
    }))

    batch = optional(object({
      max_files   = number
      max_seconds = number
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.s3_event_rules) : can(regex("^[a-z][a-z0-9_]{0,51}$", name))])
    error_message = "Expected names in snake_case of at most 52 characters: sales_file_trigger."
  }

  validation {
    condition = alltrue([
      for rule in values(var.s3_event_rules) :
      (rule.prefix == null) != (rule.prefixes == null) && (rule.suffix == null) != (rule.suffixes == null)
    ])
    error_message = "Expected either prefix or prefixes in each rule, and either suffix or suffixes: prefixes = [\"orders/\", \"returns/\"], suffix = \".csv\"."
  }

  validation {
    condition = alltrue([
      for rule in values(var.s3_event_rules) : alltrue([
        for list in [coalesce(rule.prefixes, ["x"]), coalesce(rule.suffixes, ["x"])] :
        length(list) > 0 && length(list) == length(distinct(list)) && length(join("", list)) + 15 * length(list) <= 1600
      ])
    ])
    error_message = "Expected prefixes and suffixes with at least one element, each once, and short enough for one event pattern, which has 2048 characters: use several rules."
  }

  validation {
    condition = alltrue([
      for prefix in flatten([for rule in values(var.s3_event_rules) : coalesce(rule.prefixes, [coalesce(rule.prefix, "/")])]) :
      prefix == "/" || can(regex("^([^*?\\[\\]{}\\\\/[:cntrl:]]+/)*$", prefix)) && !can(regex("(^|/)\\.{1,2}/", prefix))
    ])
    error_message = "Expected prefixes of folders that end in a slash, without wildcards: sales/, landing/daily sales/, or an empty prefix for the whole bucket."
  }

  validation {
    condition     = alltrue([for suffix in flatten([for rule in values(var.s3_event_rules) : coalesce(rule.suffixes, [coalesce(rule.suffix, ".x")])]) : can(regex("^[A-Za-z0-9._=-]{1,64}$", suffix))])
    error_message = "Expected the end of a file name: .csv."
  }

  validation {
    condition     = alltrue([for rule in values(var.s3_event_rules) : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[A-Za-z0-9_-]{1,49}$", rule.target_arn))])
    error_message = "Expected the ARN of a Glue job as target_arn."
  }

  validation {
    condition = alltrue([
      for size in flatten([for rule in values(var.s3_event_rules) : [rule, rule.sizes]]) :
      (size.worker_type == null) == (size.number_of_workers == null)
    ])
    error_message = "Expected worker_type and number_of_workers together, or neither: Glue accepts no other combination."
  }

  validation {
    condition = alltrue([
      for size in flatten([for rule in values(var.s3_event_rules) : [rule, rule.sizes]]) :
      coalesce(size.number_of_workers, 2) >= 2 && coalesce(size.timeout, 1) >= 1
    ])
    error_message = "Expected at least 2 workers and a timeout of at least 1 minute."
  }

  validation {
    condition = alltrue([
      for rule in values(var.s3_event_rules) :
      alltrue([for size in rule.sizes : size.above_mb >= 1 && size.above_mb <= 999999 && floor(size.above_mb) == size.above_mb])
      && length(distinct(rule.sizes[*].above_mb)) == length(rule.sizes)
    ])
    error_message = "Expected sizes with different whole numbers of MB from 1 to 999999: above_mb = 512."
  }

  validation {
    condition = alltrue([
      for rule in values(var.s3_event_rules) : rule.accept == null ? true : (
        (rule.accept.name_patterns != null || rule.accept.max_mb != null)
        && length(coalesce(rule.accept.name_patterns, ["*"])) > 0
        && alltrue([for pattern in coalesce(rule.accept.name_patterns, ["*"]) : can(regex("^[A-Za-z0-9._=/*-]+$", pattern))])
        && coalesce(rule.accept.max_mb, 1) > 0
      )
    ])
    error_message = "Expected accept with name_patterns (letters, digits and . _ = / - *), with max_mb, or with both: { name_patterns = [\"daily_*.csv\"], max_mb = 2048 }."
  }

  # 500 uploads with keys of up to 250 characters fit into an input of Step Functions.
  validation {
    condition = alltrue([
      for batch in values(var.s3_event_rules)[*].batch : batch == null ? true : (
        batch.max_files >= 2 && batch.max_files <= 500 && floor(batch.max_files) == batch.max_files
        && batch.max_seconds >= 1 && batch.max_seconds <= 300 && floor(batch.max_seconds) == batch.max_seconds
      )
    ])
    error_message = "Expected batch with 2 to 500 files and 1 to 300 seconds, in whole numbers: { max_files = 200, max_seconds = 60 }."
  }
}

variable "schedules" {
  description = "Schedules that start a Glue job over its whole directory, by name. target_arn is the ARN of the Glue job, timezone an IANA name."
  type = map(object({
    schedule_expression = string
    timezone            = optional(string, "UTC")
    target_arn          = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.schedules) : can(regex("^[a-z][a-z0-9_]{0,51}$", name))])
    error_message = "Expected names in snake_case of at most 52 characters: daily_sales."
  }

  validation {
    condition = alltrue([
      for schedule in values(var.schedules) :
      can(regex("^(cron\\([^ ]+( [^ ]+){5}\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", schedule.schedule_expression))
    ])
    error_message = "Expected cron(minute hour day month weekday year) or rate(value unit): cron(0 4 * * ? *)."
  }

  validation {
    condition     = alltrue([for schedule in values(var.schedules) : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[A-Za-z0-9_-]{1,49}$", schedule.target_arn))])
    error_message = "Expected the ARN of a Glue job as target_arn."
  }
}

variable "then" {
  description = "ARNs of the Glue jobs that each successful run starts, once per run, over their whole directory, as a schedule would: [var.glue_job_arns[\"monthly_report\"]]. Each of them needs a state machine: a rule, a schedule or started_by_others."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = (
      alltrue([for arn in var.then : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[A-Za-z0-9_-]{1,49}$", arn))])
      && length(distinct(var.then)) == length(var.then)
    )
    error_message = "Expected different ARNs of Glue jobs in then: [var.glue_job_arns[\"monthly_report\"]]."
  }

  validation {
    condition = length(setintersection(var.then, concat(
      [for rule in values(var.s3_event_rules) : rule.target_arn],
      [for schedule in values(var.schedules) : schedule.target_arn],
      var.started_by_others,
    ))) == 0
    error_message = "Expected other jobs in then, found one that starts itself again without end."
  }
}

variable "started_by_others" {
  description = "ARNs of Glue jobs that neither a rule nor a schedule of this block starts, but then of another block. They get a state machine here."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.started_by_others : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[A-Za-z0-9_-]{1,49}$", arn))])
    error_message = "Expected ARNs of Glue jobs in started_by_others: [var.glue_job_arns[\"monthly_report\"]]."
  }
}

variable "pass_s3_object" {
  description = "Whether an event run receives the uploaded object. Set it to false for a rollback: the rules lose their input transformer, and uploads start runs over the whole directory."
  type        = bool
  default     = true
}

variable "argument_names" {
  description = "Names of the arguments that a run receives. A Glue job from elsewhere may have arguments of the usual names for something of its own."
  type = object({
    env         = optional(string, "env")
    bucket      = optional(string, "bucket")
    object_key  = optional(string, "object_key")
    uploaded_at = optional(string, "uploaded_at")
    manifest    = optional(string, "manifest")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in values(var.argument_names) : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "Expected names in snake_case: event_bucket."
  }
}

variable "settings" {
  description = "What an environment decides for all jobs: the path and the permissions boundary of the roles, the KMS key of the queues, which EventBridge must be allowed to use, and the bucket, with its KMS key, for the lists of the files of batches."
  type = object({
    role_path            = optional(string)
    permissions_boundary = optional(string)
    queue_kms_key_arn    = optional(string)

    manifests = optional(object({
      bucket      = string
      kms_key_arn = optional(string)
    }))
  })
  default  = {}
  nullable = false
}

variable "execution_timeout" {
  description = "Timeout of an execution, in minutes. It covers waiting in Glue's queue, retries and the run itself."
  type        = number
  default     = 1440

  validation {
    condition     = var.execution_timeout >= 1
    error_message = "Expected at least 1 minute."
  }
}
