# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "rule_name" {
  description = "Name of the rule on the default bus of the bucket's region and account."
  value       = aws_cloudwatch_event_rule.this.name
}

output "role_arn" {
  description = "ARN of the role with which the rule puts events on the bus of the environment."
  value       = aws_iam_role.this.arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue of the events that could not be sent on."
  value       = aws_sqs_queue.dead_letters.url
}

output "event_bus_policy_statement" {
  description = "The statement that the policy of the environment's bus needs for a bucket in another account, where this policy is managed as one document."
  value = {
    Sid       = local.names.rule
    Effect    = "Allow"
    Principal = { AWS = "arn:${module.account.partition}:iam::${module.account.id}:root" }
    Action    = "events:PutEvents"
    Resource  = var.event_bus_arn
    Condition = { StringEquals = { "events:source" = "aws.s3" } }
  }
}
