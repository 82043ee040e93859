# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "environment" {
  description = "Name of the environment that the events are for, such as dev; mart--dev if the platform has the name_prefix mart."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]+--)?[a-z0-9]+$", var.environment))
    error_message = "Expected the name of an environment: dev, or mart--dev with the name_prefix mart."
  }
}

variable "name" {
  description = "What the events are called: landing names the rule prod-landing-forwarded. Each bucket of an environment needs another name, because roles belong to the account and not to a region."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "Expected a name of lower-case letters, digits and single hyphens: landing, acme-orders."
  }

  validation {
    condition     = length(replace(var.environment, "--", "-")) + length(var.name) <= 47
    error_message = "Expected names of roles of at most 64 characters, which leaves 47 for name and environment together: shorten name."
  }
}

variable "bucket_name" {
  description = "Name of the bucket in the region and the account of the module's provider."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "Expected the name of a bucket, without s3:// and without a key: acme-landing-prod."
  }
}

variable "prefixes" {
  description = "Prefixes of the keys whose events are sent on; an empty one is the whole bucket. Each event that is sent on is billed."
  type        = list(string)
  default     = [""]
  nullable    = false

  validation {
    condition     = length(var.prefixes) > 0 && length(var.prefixes) == length(distinct(var.prefixes)) && length(join("", var.prefixes)) + 15 * length(var.prefixes) <= 1600
    error_message = "Expected at least one prefix, each once, and all short enough for one event pattern, which has 2048 characters: [\"orders/\", \"returns/\"]."
  }

  validation {
    condition = alltrue([
      for prefix in var.prefixes :
      can(regex("^([^*?\\[\\]{}\\\\/[:cntrl:]]+/)*$", prefix)) && !can(regex("(^|/)\\.{1,2}/", prefix))
    ])
    error_message = "Expected prefixes of folders that end in a slash, without wildcards: orders/, landing/daily orders/, or an empty prefix for the whole bucket."
  }
}

variable "event_bus_arn" {
  description = "ARN of the default event bus in the region and the account of the environment. The rules of the jobs are on the default bus."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/default$", var.event_bus_arn))
    error_message = "Expected the ARN of a default event bus: arn:aws:events:eu-central-1:123456789012:event-bus/default."
  }
}

variable "manage_bucket_notifications" {
  description = "Whether this module lets the bucket send events to EventBridge. A bucket has one set of notifications: with true, all others of the bucket, to queues, topics and functions, are lost. With false, its owner adds eventbridge = true to the bucket's aws_s3_bucket_notification."
  type        = bool
  default     = false
}

variable "role_path" {
  description = "Path of the rule's role."
  type        = string
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the rule's role, in the account of the module's provider."
  type        = string
  default     = null
}

variable "queue_kms_key_arn" {
  description = "ARN of the KMS key of the dead-letter queue, which events.amazonaws.com must be allowed to use. It is a key of the region of the module's provider."
  type        = string
  default     = null

  validation {
    condition     = var.queue_kms_key_arn == null || can(regex("^arn:[^:]+:kms:", var.queue_kms_key_arn))
    error_message = "Expected the ARN of a KMS key as queue_kms_key_arn."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic in the region of the module's provider, which an alarm tells of events in the dead-letter queue. Without it, there is no alarm."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:[^:]+:sns:", var.alarm_topic_arn))
    error_message = "Expected the ARN of an SNS topic as alarm_topic_arn."
  }
}
