# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The environment dev: the platform and the triggers of its jobs. Put settings that only apply
# to this environment into terraform.tfvars, next to this file.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "data-platform"
      environment = "dev"
    }
  }
}

module "data_platform" {
  source = "../../modules/data_platform"

  environment                 = "dev"
  name_prefix                 = var.name_prefix
  lake_prefix                 = "data-lake"
  repository                  = "${path.root}/../../.."
  glue_version                = "5.1"
  python_modules              = ["structlog==26.1.0"]
  python_modules_from         = var.python_modules_from
  glue_jobs                   = var.glue_jobs
  run_metrics                 = var.run_metrics
  manage_bucket_notifications = var.manage_bucket_notifications
  force_destroy               = var.force_destroy

  existing_buckets     = var.existing_buckets
  existing_log_groups  = var.existing_log_groups
  existing_database    = var.existing_database
  kms_key_arn          = var.kms_key_arn
  kms_key_arns         = var.kms_key_arns
  role_path            = var.role_path
  permissions_boundary = var.permissions_boundary
  connections          = var.connections
  vpc                  = var.vpc
}

module "jobs" {
  source = "../../jobs"

  environment    = var.name_prefix == "" ? "dev" : "${var.name_prefix}--dev"
  s3_buckets     = module.data_platform.s3_buckets
  glue_job_arns  = module.data_platform.glue_job_arns
  pass_s3_object = var.pass_s3_object

  settings = {
    role_path            = var.role_path
    permissions_boundary = var.permissions_boundary
    queue_kms_key_arn    = lookup(var.kms_key_arns, "queues", null)

    manifests = {
      bucket      = module.data_platform.artifact_bucket
      kms_key_arn = lookup(var.kms_key_arns, "artifacts", var.kms_key_arn)
    }
  }
}

module "observability" {
  source = "../../modules/observability"

  environment        = "dev"
  name_prefix        = var.name_prefix
  lake_prefix        = "data-lake"
  log_group          = module.data_platform.log_group
  glue_job_arns      = module.data_platform.glue_job_arns
  schedule_group     = module.data_platform.schedule_group
  alarms             = var.alarms
  dead_letter_alarms = var.dead_letter_alarms
  alarm_emails       = var.alarm_emails

  alarm_topic_arn     = var.alarm_topic_arn
  existing_log_groups = var.existing_log_groups
  kms_key_arns        = var.kms_key_arns
}
