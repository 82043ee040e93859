# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "s3_buckets" {
  description = "Names of the lake's buckets by zone: bronze, silver, gold."
  value       = { for zone in local.zones : zone => aws_s3_bucket.this[zone].bucket }
}

output "artifact_bucket" {
  description = "Name of the bucket of scripts, runtime and temporary data."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "glue_job_arns" {
  description = "ARNs of the Glue jobs by the name of their module in src/jobs."
  value       = { for name, file in local.jobs : file => module.glue_job[name].arn }

  # Who starts a job may put a schedule into the group, which has its name from the environment.
  depends_on = [aws_scheduler_schedule_group.this]
}

output "schedule_group" {
  description = "Name of the group of the environment's schedules."
  value       = aws_scheduler_schedule_group.this.name
}

output "log_group" {
  description = "Name of the log group that holds what all jobs print: their log, a JSON object a line."
  value       = aws_cloudwatch_log_group.jobs["output"].name
}
