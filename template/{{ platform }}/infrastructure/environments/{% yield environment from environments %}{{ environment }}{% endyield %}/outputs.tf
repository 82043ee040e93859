# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "s3_buckets" {
  description = "Names of the data lake's buckets by zone: bronze, silver, gold."
  value       = module.data_platform.s3_buckets
}

output "catalog_database" {
  description = "Name of the database of the Glue Data Catalog with the tables of the jobs."
  value       = module.data_platform.catalog_database
}

output "glue_job_arns" {
  description = "ARNs of the Glue jobs, by the name of the job's module in src/jobs."
  value       = module.data_platform.glue_job_arns
}

output "alarm_topic_arn" {
  description = "ARN of the SNS topic for all alarms; null without alarms."
  value       = module.observability.alarm_topic_arn
}
