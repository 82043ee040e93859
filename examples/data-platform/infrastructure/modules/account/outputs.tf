# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

output "partition" {
  description = "Partition of AWS: aws, aws-cn."
  value       = data.aws_partition.current.partition
}

output "region" {
  description = "Region: eu-central-1."
  value       = local.region
}

output "id" {
  description = "Number of the AWS account: 123456789012."
  value       = data.aws_caller_identity.current.account_id
}

output "place" {
  description = "Region and account, as they stand in an ARN: eu-central-1:123456789012."
  value       = "${local.region}:${data.aws_caller_identity.current.account_id}"
}
