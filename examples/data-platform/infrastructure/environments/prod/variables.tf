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
    role_arn            = optional(string)
  }))
  default = {}
}

variable "pass_s3_object" {
  description = "Whether an event run receives the uploaded object. Set it to false for a rollback: uploads then start runs over the whole directory."
  type        = bool
  default     = true
}

variable "manage_bucket_notifications" {
  description = "Whether this state manages the notifications of the bronze bucket. If it is null, it does unless existing_buckets has the bucket."
  type        = bool
  default     = null
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

# --- what exists in the account: docs/existing-account.md ---------------------------------------------

variable "existing_buckets" {
  description = "Names of buckets that exist, by zone: { bronze = \"acme-landing\", artifacts = \"acme-code\" }. Nothing of them is created, configured or deleted."
  type        = map(string)
  default     = {}
}

variable "existing_log_groups" {
  description = "Log groups that exist: { jobs = \"/acme/glue\", executions = \"/acme/executions\" }. The runs log to /acme/glue/output and /acme/glue/error."
  type        = map(string)
  default     = {}
}

variable "existing_database" {
  description = "Name of a database of the Glue Data Catalog that exists, for the tables of all jobs. Nothing of it is created, configured or deleted."
  type        = string
  default     = null
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic that exists, for all alarms."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the buckets. If it is null, S3 encrypts them with its own keys."
  type        = string
  default     = null
}

variable "kms_key_arns" {
  description = "ARNs of KMS keys by what they encrypt: bronze, silver, gold, artifacts, logs, queues, alarms."
  type        = map(string)
  default     = {}
}

variable "role_path" {
  description = "Path of all roles, such as /data/."
  type        = string
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds all roles."
  type        = string
  default     = null
}

variable "connections" {
  description = "Names of Glue connections that exist, for all jobs."
  type        = list(string)
  default     = []
}

variable "vpc" {
  description = "Subnet and security groups that all jobs run in: a Glue connection is made for them."
  type = object({
    subnet_id          = string
    security_group_ids = list(string)
    availability_zone  = string
  })
  default = null
}
