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
  description = "First part of the names of what is created here: data-lake gives data-lake-dev-alarms."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9]){1,38}$", var.lake_prefix))
    error_message = "Expected 2 to 39 lower-case letters, digits and single hyphens: data-lake."
  }
}

variable "log_group" {
  description = "Name of the log group that all runs of the environment write their log to."
  type        = string

  validation {
    condition     = startswith(var.log_group, "/")
    error_message = "Expected the name of a log group: /aws-glue/data-lake-dev/output."
  }
}

variable "glue_job_arns" {
  description = "ARNs of the Glue jobs by the name of their module in src/jobs."
  type        = map(string)

  validation {
    condition     = alltrue([for arn in values(var.glue_job_arns) : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[a-z0-9-]{1,49}$", arn))])
    error_message = "Expected ARNs of Glue jobs: arn:aws:glue:eu-central-1:123456789012:job/sales-etl-dev."
  }
}

variable "schedule_group" {
  description = "Name of the group that the environment's schedules are in; its missed schedules are counted together."
  type        = string
}

variable "alarms" {
  description = "Whether there are alarms, the topic that they are sent to, and the metrics that they need."
  type        = bool
  default     = true
}

variable "dead_letter_alarms" {
  description = "Whether the dead-letter queues are among what wakes somebody: 0.10 USD a month for each job. Without them a failed run and a missed schedule still do; an upload that no machine took does not."
  type        = bool
  default     = true
}

variable "alarm_emails" {
  description = "Addresses that alarms are mailed to; each one has to confirm the first mail."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "Expected addresses: team@example.com."
  }
}

variable "quarantine_percent" {
  description = "Share of the rows read within an hour, in percent, above which quarantined rows raise an alarm."
  type        = number
  default     = 5

  validation {
    condition     = var.quarantine_percent >= 0 && var.quarantine_percent < 100
    error_message = "Expected a percentage of at least 0 and less than 100."
  }
}

variable "log_retention_days" {
  description = "How long the log of executions is kept, in days."
  type        = number
  default     = 90
}
