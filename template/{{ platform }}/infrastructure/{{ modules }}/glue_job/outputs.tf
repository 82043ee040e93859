# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "arn" {
  description = "ARN of the Glue job."
  value       = local.arn
}

output "name" {
  description = "Name of the Glue job."
  value       = aws_glue_job.this.name
}

output "settings" {
  description = "Worker type, number of workers and timeout of the job's runs."
  value = {
    worker_type       = aws_glue_job.this.worker_type
    number_of_workers = aws_glue_job.this.number_of_workers
    timeout           = aws_glue_job.this.timeout
  }
}
