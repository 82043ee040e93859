# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { endpoint = "ec2.eu-central-1.amazonaws.com" }
  }
}

run "the_parts_of_an_arn_are_known" {
  command = plan

  assert {
    condition     = output.place == "eu-central-1:123456789012" && output.region == "eu-central-1"
    error_message = "Expected the region of the endpoint."
  }

  assert {
    condition     = output.partition == "aws" && output.id == "123456789012"
    error_message = "Expected the partition and the account of the provider."
  }
}
