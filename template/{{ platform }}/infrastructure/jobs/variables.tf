# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What every file here may use. A job's .tf file names its uploads and schedules, its .json file
# its name on AWS; nothing lists the files.

variable "environment" {
  description = "Name of the environment: dev."
  type        = string
}

variable "s3_buckets" {
  description = "Names of the lake's buckets by zone: bronze, silver, gold."
  type        = map(string)
}

variable "glue_job_arns" {
  description = "ARNs of the Glue jobs by the name of their module in src/jobs."
  type        = map(string)
}

variable "pass_s3_object" {
  description = "Whether a run that an upload starts gets the object; false is the rollback to directory runs."
  type        = bool
  default     = true
}
