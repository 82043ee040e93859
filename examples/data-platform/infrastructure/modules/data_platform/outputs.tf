# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "s3_buckets" {
  description = "Names of the data lake's buckets by zone: bronze, silver, gold."
  value       = { for zone in local.zones : zone => local.bucket_names[zone] }
}

output "artifact_bucket" {
  description = "Name of the bucket for scripts, the runtime and temporary data."
  value       = local.bucket_names["artifacts"]
}

output "catalog_database" {
  description = "Name of the database of the Glue Data Catalog with the tables of the jobs."
  value       = local.database
}

output "glue_job_arns" {
  description = "ARNs of the Glue jobs, by the name of the job's module in src/jobs."
  value       = { for name, file in local.jobs : file => module.glue_job[name].arn }

  # Schedules that start jobs can be put into this group, whose name contains the environment.
  depends_on = [aws_scheduler_schedule_group.this]
}

output "schedule_group" {
  description = "Name of the schedule group of the environment."
  value       = aws_scheduler_schedule_group.this.name
}

output "log_group" {
  description = "Name of the log group with the output of all jobs: their log, one JSON object per line."
  value       = local.log_groups["output"].name
}

output "glue_job_settings" {
  description = "Worker type, number of workers and timeout of each job, by the name of its module in src/jobs."
  value       = { for name, file in local.jobs : file => module.glue_job[name].settings }
}
