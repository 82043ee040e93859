# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "state_machine_arns" {
  description = "ARNs of the state machines, by the name of their Glue job."
  value       = { for job, machine in aws_sfn_state_machine.job : job => machine.arn }
}

output "dead_letter_queue_urls" {
  description = "URLs of the dead-letter queues, by the name of their Glue job."
  value       = { for job, queue in aws_sqs_queue.dead_letters : job => queue.url }
}

output "rule_names" {
  description = "Names of the EventBridge rules on the default bus."
  value       = local.rule_names
}
