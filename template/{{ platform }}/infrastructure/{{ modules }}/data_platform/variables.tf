# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "environment" {
  description = "Name of the environment: dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "Expected 2 to 10 lower-case letters and digits: dev."
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
  description = "Path of the repository: the jobs in src/jobs and the runtime that make build has zipped."
  type        = string

  validation {
    condition     = fileexists("${var.repository}/build/glue_runtime.zip")
    error_message = "Expected the zipped runtime in build/glue_runtime.zip: run make build first."
  }
}

variable "glue_version" {
  description = "AWS Glue version of all jobs, pinned."
  type        = string
}

variable "python_modules" {
  description = "Packages from PyPI that the runtime needs, pinned."
  type        = list(string)
  default     = []
}

variable "glue_jobs" {
  description = "Jobs that need other settings than the defaults of the glue_job module, by the name of their module in src/jobs."
  type = map(object({
    worker_type         = optional(string)
    number_of_workers   = optional(number)
    timeout             = optional(number)
    max_concurrent_runs = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.glue_jobs) : fileexists("${var.repository}/src/jobs/${name}.py")])
    error_message = "Expected the names of jobs in src/jobs: sales_etl."
  }
}

variable "run_metrics" {
  description = "Metrics of the runs: off, environment (at most 4.80 USD a month) or job (at most 4.80 USD more for each job)."
  type        = string
  default     = "environment"
}

variable "manage_bucket_notifications" {
  description = "Whether this configuration owns the notifications of the bronze bucket. A bucket has one such resource: where another state has it, say false here and turn EventBridge on there."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "KMS key of the buckets; S3's own encryption when null."
  type        = string
  default     = null
}

variable "noncurrent_version_days" {
  description = "How long replaced and deleted objects can be recovered, in days."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 1
    error_message = "Expected at least 1 day."
  }
}

variable "log_retention_days" {
  description = "How long the jobs' logs are kept, in days."
  type        = number
  default     = 90
}

variable "force_destroy" {
  description = "Whether destroying the platform also deletes the data in its buckets."
  type        = bool
  default     = false
}
