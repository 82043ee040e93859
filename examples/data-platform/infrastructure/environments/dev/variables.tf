# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "glue_jobs" {
  description = "Jobs that need other settings here than the defaults: { sales_etl = { number_of_workers = 10, timeout = 120 } }."
  type = map(object({
    worker_type         = optional(string)
    number_of_workers   = optional(number)
    timeout             = optional(number)
    max_concurrent_runs = optional(number)
  }))
  default = {}
}

variable "pass_s3_object" {
  description = "Whether a run that an upload starts gets the object; false is the rollback to directory runs."
  type        = bool
  default     = true
}

variable "manage_bucket_notifications" {
  description = "Whether this state owns the notifications of the bronze bucket."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying the environment also deletes the data in its buckets."
  type        = bool
  default     = false
}

variable "run_metrics" {
  description = "Metrics of the runs: off, environment (at most 4.80 USD a month) or job (at most 4.80 USD more for each job)."
  type        = string
  default     = "environment"
}

variable "alarms" {
  description = "Whether there are alarms: about 2.40 USD a month, and what the dead-letter queues cost."
  type        = bool
  default     = true
}

variable "dead_letter_alarms" {
  description = "Whether the jobs' dead-letter queues have alarms: 0.10 USD a month for each job."
  type        = bool
  default     = true
}

variable "alarm_emails" {
  description = "Addresses that alarms are mailed to; each one has to confirm the first mail."
  type        = set(string)
  default     = []
}
