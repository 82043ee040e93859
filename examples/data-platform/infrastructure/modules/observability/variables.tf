# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "environment" {
  description = "Name of the environment, such as dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "Expected 2 to 10 lower-case letters and digits: dev."
  }
}

variable "lake_prefix" {
  description = "First part of the names of the resources: data-lake gives data-lake-dev-alarms."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9](-?[a-z0-9]){1,38}$", var.lake_prefix))
    error_message = "Expected 2 to 39 lower-case letters, digits and single hyphens: data-lake."
  }
}

variable "name_prefix" {
  description = "What the names of the platform's jobs, rules and schedule group begin with, if another platform is in the account: mart gives mart-sales-etl-prod."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9]{0,9})?$", var.name_prefix))
    error_message = "Expected at most 10 lower-case letters and digits as name_prefix, found ${var.name_prefix}: mart."
  }
}

variable "log_group" {
  description = "Name of the log group that all runs of the environment log to."
  type        = string

  validation {
    condition     = startswith(var.log_group, "/")
    error_message = "Expected the name of a log group: /aws-glue/data-lake-dev/output."
  }
}

variable "glue_job_arns" {
  description = "ARNs of the Glue jobs, by the name of the job's module in src/jobs."
  type        = map(string)

  validation {
    condition     = alltrue([for arn in values(var.glue_job_arns) : can(regex("^arn:[^:]+:glue:[^:]*:[^:]*:job/[a-z0-9-]{1,49}$", arn))])
    error_message = "Expected ARNs of Glue jobs: arn:aws:glue:eu-central-1:123456789012:job/sales-etl-dev."
  }
}

variable "schedule_group" {
  description = "Name of the environment's schedule group; one alarm counts its missed schedules."
  type        = string
}

variable "alarms" {
  description = "Whether to create alarms, their SNS topic, and the metrics that they need."
  type        = bool
  default     = true
}

variable "dead_letter_alarms" {
  description = "Whether to create alarms for the dead-letter queues, at 0.10 USD a month per job. Without them, failed runs and missed schedules still raise an alarm, but an upload that could not be delivered to its state machine does not."
  type        = bool
  default     = true
}

variable "alarm_emails" {
  description = "Email addresses for alarms. Each address has to confirm the first mail."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "Expected addresses: team@example.com."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic that exists. If it is given, no topic, key or subscription is made; CloudWatch must be allowed to publish to it."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[^:]+:sns:[^:]+:[^:]+:[^:]+$", coalesce(var.alarm_topic_arn, "arn:aws:sns:x:x:x")))
    error_message = "Expected the ARN of a topic as alarm_topic_arn: arn:aws:sns:eu-central-1:123456789012:alarms."
  }

  validation {
    condition     = var.alarm_topic_arn == null || length(var.alarm_emails) == 0
    error_message = "Expected alarm_topic_arn or alarm_emails, found both: subscribe the addresses to the topic that exists."
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

variable "quarantine_percent" {
  description = "Percentage of quarantined rows, among the rows read within an hour, above which the alarm goes off."
  type        = number
  default     = 5

  validation {
    condition     = var.quarantine_percent >= 0 && var.quarantine_percent < 100
    error_message = "Expected a percentage of at least 0 and less than 100."
  }
}

variable "log_retention_days" {
  description = "Number of days for which the log of executions is kept."
  type        = number
  default     = 90
}
