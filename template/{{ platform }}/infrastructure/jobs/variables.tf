# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Variables that every file in this folder can use. A job's .tf file defines its event rules and schedules, and
# its .json file declares its name on AWS and what its role may read. No file lists the jobs.

variable "environment" {
  description = "Name of the environment, such as dev; mart--dev if terraform.tfvars has the name_prefix mart."
  type        = string
}

variable "s3_buckets" {
  description = "Names of the data lake's buckets by zone: bronze, silver, gold."
  type        = map(string)
}

variable "glue_job_arns" {
  description = "ARNs of the Glue jobs, by the name of the job's module in src/jobs."
  type        = map(string)
}

variable "pass_s3_object" {
  description = "Whether an event run receives the uploaded object. Set it to false for a rollback: uploads then start runs over the whole directory."
  type        = bool
  default     = true
}

variable "settings" {
  description = "What the environment decides for all jobs: the path and the permissions boundary of the roles, the KMS key of the queues, which EventBridge must be allowed to use, and the bucket, with its KMS key, for the lists of the files of batches."
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
