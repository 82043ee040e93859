# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "name_prefix" {
  description = "What sets this platform apart from another one in the account: mart gives mart-sales-etl-prod. Whoever changes it later replaces the deployed jobs, rules and schedules."
  type        = string
  default     = ""
}

variable "glue_jobs" {
  description = "Settings of jobs that differ from the defaults: { sales_etl = { number_of_workers = 10, timeout = 120 } }."
  type = map(object({
    worker_type         = optional(string)
    number_of_workers   = optional(number)
    timeout             = optional(number)
    max_concurrent_runs = optional(number)
    glue_version        = optional(string)
  }))
  default = {}
}

variable "pass_s3_object" {
  description = "Whether an event run receives the uploaded object. Set it to false for a rollback: uploads then start runs over the whole directory."
  type        = bool
  default     = true
}

variable "manage_bucket_notifications" {
  description = "Whether this state manages the notifications of the bronze bucket."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying the environment also deletes the data in its buckets."
  type        = bool
  default     = false
}

variable "python_modules_from" {
  description = "Where runs install their Python packages from: artifacts, the bucket with the wheels that make build has fetched, or index, the package index, which takes access to the internet."
  type        = string
  default     = "artifacts"
}

variable "run_metrics" {
  description = "Metrics of the runs: off, environment (at most 4.80 USD a month) or job (at most 4.80 USD more per job)."
  type        = string
  default     = "environment"
}

variable "alarms" {
  description = "Whether to create alarms. They cost about 2.40 USD a month, plus the alarms of the dead-letter queues."
  type        = bool
  default     = true
}

variable "dead_letter_alarms" {
  description = "Whether to create alarms for the jobs' dead-letter queues. They cost 0.10 USD a month per job."
  type        = bool
  default     = true
}

variable "alarm_emails" {
  description = "Email addresses for alarms. Each address has to confirm the first mail."
  type        = set(string)
  default     = []
}
