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
  description = "Whether this state manages the notifications of the bronze bucket. A bucket can have only one such resource: if another state has it, set this to false and enable EventBridge there."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the buckets. If it is null, S3 encrypts them with its own keys."
  type        = string
  default     = null
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
