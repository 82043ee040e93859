terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

module "data_platform" {
  source = "../../modules/data_platform"

  environment = "dev"

  glue_jobs = {
    sales_etl       = { max_capacity = 2, timeout = 60 }
    customer_import = { max_capacity = 2, timeout = 60 }
    returns_report  = { max_capacity = 2, timeout = 30 }
  }
}

module "eventbridge" {
  source = "../../modules/eventbridge"

  environment = "dev"

  schedules = {
    daily_customer_import = {
      schedule_expression = "cron(0 2 * * ? *)"
      target_arn          = module.data_platform.glue_job_arns["customer_import"]
    }

    weekly_sales_summary = {
      schedule_expression = "cron(0 3 ? * MON *)"
      target_arn          = module.data_platform.glue_job_arns["sales_etl"]
    }
  }
}
