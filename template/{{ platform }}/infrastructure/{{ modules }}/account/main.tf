# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Where a module is deployed: the parts of an ARN that are known before any resource exists.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Provider 5 has no attribute region, provider 6 deprecates name; both have the endpoint:
  # ec2.eu-central-1.amazonaws.com.
  region = split(".", data.aws_region.current.endpoint)[1]
}
