# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "arn" {
  description = "ARN of the Glue job."
  value       = local.arn
}

output "name" {
  description = "Name of the Glue job."
  value       = aws_glue_job.this.name
}
