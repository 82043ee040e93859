# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "environment" {
  description = "Name of the environment, such as dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "Expected 2 to 10 lower-case letters and digits: dev."
  }
}

variable "name_prefix" {
  description = "What sets the names of this platform apart from those of another one in the same account: mart gives mart-sales-etl-prod. Such a platform also needs a lake_prefix of its own."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9]{0,9})?$", var.name_prefix))
    error_message = "Expected at most 10 lower-case letters and digits as name_prefix, found ${var.name_prefix}: mart."
  }
}

variable "lake_prefix" {
  description = "First part of the bucket names: data-lake gives data-lake-dev-bronze."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9]){1,38}$", var.lake_prefix))
    error_message = "Expected 2 to 39 lower-case letters, digits and single hyphens: data-lake."
  }
}

variable "repository" {
  description = "Path of the repository, with the jobs in src/jobs and the runtime that make build has zipped."
  type        = string
}

variable "glue_version" {
  description = "AWS Glue version of the jobs that neither glue_jobs nor infrastructure/jobs/<job>.json gives another one, pinned."
  type        = string
}

variable "python_modules" {
  description = "PyPI packages that the runtime needs, with pinned versions."
  type        = list(string)
  default     = []
}

variable "python_modules_from" {
  description = "Where runs install their Python packages from: artifacts, the bucket with the wheels that make build has fetched, or index, the package index, which takes access to the internet."
  type        = string
  default     = "artifacts"

  validation {
    condition     = contains(["artifacts", "index"], var.python_modules_from)
    error_message = "Expected artifacts or index."
  }
}

variable "glue_jobs" {
  description = "Settings of jobs that differ from the defaults of the glue_job module, by the name of the job's module in src/jobs."
  type = map(object({
    worker_type         = optional(string)
    number_of_workers   = optional(number)
    timeout             = optional(number)
    max_concurrent_runs = optional(number)
    glue_version        = optional(string)
    role_arn            = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.glue_jobs) : fileexists("${var.repository}/src/jobs/${name}.py")])
    error_message = "Expected the names of jobs in src/jobs: sales_etl."
  }
}

variable "run_metrics" {
  description = "Metrics of the runs: off, environment (at most 4.80 USD a month) or job (at most 4.80 USD more per job)."
  type        = string
  default     = "environment"
}

variable "manage_bucket_notifications" {
  description = "Whether this state manages the notifications of the bronze bucket. A bucket can have only one such resource: if another state has it, set this to false and enable EventBridge there. If it is null, they are managed unless the bucket is one of existing_buckets: true would replace all notifications that it has."
  type        = bool
  default     = null
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the buckets. If it is null, S3 encrypts them with its own keys."
  type        = string
  default     = null
}

variable "existing_buckets" {
  description = "Names of buckets that exist, by zone: { bronze = \"acme-landing\", artifacts = \"acme-code\" }. Nothing of them is created, configured or deleted. A zone that is not here gets a bucket."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for zone, name in var.existing_buckets : contains(["bronze", "silver", "gold", "artifacts"], zone) && can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name))])
    error_message = "Expected names of buckets by zone, bronze, silver, gold or artifacts: { bronze = \"acme-landing\" }."
  }

  validation {
    condition     = length(distinct(values(var.existing_buckets))) == length(var.existing_buckets)
    error_message = "Expected a bucket of its own for each zone, found one for two: what a job writes could start it again."
  }
}

variable "kms_key_arns" {
  description = "ARNs of KMS keys by what they encrypt: bronze, silver, gold, artifacts, logs, queues, alarms. Those of zones win over kms_key_arn; an existing bucket keeps its own key, which the jobs' roles may use if it is here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for use, arn in var.kms_key_arns :
      contains(["bronze", "silver", "gold", "artifacts", "logs", "queues", "alarms"], use) && can(regex("^arn:[^:]+:kms:[^:]+:[^:]+:key/.+$", arn))
    ])
    error_message = "Expected ARNs of keys (not of aliases) for bronze, silver, gold, artifacts, logs, queues or alarms: { silver = \"arn:aws:kms:eu-central-1:123456789012:key/...\" }."
  }
}

variable "existing_log_groups" {
  description = "Log groups that exist: jobs = \"/acme/glue\" are /acme/glue/output and /acme/glue/error for the runs, executions is that for the starts and ends of executions."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for use, name in var.existing_log_groups : contains(["jobs", "executions"], use) && can(regex("^/?[A-Za-z0-9._#/-]+[^/]$", name))])
    error_message = "Expected names of log groups as jobs and executions: { jobs = \"/acme/glue\", executions = \"/acme/executions\" }."
  }
}

variable "existing_database" {
  description = "Name of a database of the Glue Data Catalog that exists, for the tables of all jobs. Nothing of it is created, configured or deleted. If it is null, one is made: data_lake_dev_silver for the lake_prefix data-lake."
  type        = string
  default     = null

  validation {
    condition     = var.existing_database == null || can(regex("^[a-z0-9_.-]{1,255}$", var.existing_database))
    error_message = "Expected the name of a database as existing_database, of lower-case letters, digits, underscores, hyphens and dots, found ${jsonencode(var.existing_database)}: acme_curated."
  }
}

variable "role_path" {
  description = "Path of the jobs' roles; infrastructure/jobs/<job>.json can give another one, such as /data/."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^/([!-~]+/)?$", coalesce(var.role_path, "/")))
    error_message = "Expected a path that begins and ends with a slash: /data/."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the jobs' roles; infrastructure/jobs/<job>.json can give another one."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[^:]*:policy/.+$", coalesce(var.permissions_boundary, "arn:aws:iam::aws:policy/x")))
    error_message = "Expected the ARN of a policy: arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "connections" {
  description = "Names of Glue connections that exist, for all jobs. The jobs run in their subnets."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "vpc" {
  description = "Subnet and security groups that all jobs run in: a Glue connection is made for them. Its security groups must let the workers reach each other, and the subnet needs a way to S3, Glue and CloudWatch."
  type = object({
    subnet_id          = string
    security_group_ids = list(string)
    availability_zone  = string
  })
  default = null
}

variable "noncurrent_version_days" {
  description = "Number of days for which replaced and deleted objects can be recovered."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 1
    error_message = "Expected at least 1 day."
  }
}

variable "log_retention_days" {
  description = "Number of days for which the jobs' logs are kept."
  type        = number
  default     = 90
}

variable "force_destroy" {
  description = "Whether destroying the platform also deletes the data in its buckets."
  type        = bool
  default     = false
}
