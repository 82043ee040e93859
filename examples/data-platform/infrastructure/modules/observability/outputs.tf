# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "alarm_topic_arn" {
  description = "ARN of the SNS topic for all alarms; null without alarms."
  value       = var.alarms ? one(local.topic_arns) : null
}

output "execution_log_group" {
  description = "Name of the log group with the starts and ends of all executions, one JSON object per line."
  value       = local.executions.name
}

output "dashboard_name" {
  description = "Name of the environment's dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
