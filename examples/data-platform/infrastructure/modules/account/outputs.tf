# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "partition" {
  description = "AWS partition, such as aws or aws-cn."
  value       = data.aws_partition.current.partition
}

output "region" {
  description = "AWS region, such as eu-central-1."
  value       = local.region
}

output "id" {
  description = "ID of the AWS account, such as 123456789012."
  value       = data.aws_caller_identity.current.account_id
}

output "place" {
  description = "Region and account in the form of an ARN: eu-central-1:123456789012."
  value       = "${local.region}:${data.aws_caller_identity.current.account_id}"
}
