# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The partition, region and account of a deployment, from which ARNs can be built before a resource exists.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Version 5 of the provider has no attribute region, and version 6 deprecates name. Both have the endpoint,
  # ec2.eu-central-1.amazonaws.com.
  region = split(".", data.aws_region.current.endpoint)[1]
}
