# Owned by you: edit freely; a template update merges into your edits and never discards them.

module "sales_etl" {
  source = "../modules/eventbridge"

  environment    = var.environment
  pass_s3_object = var.pass_s3_object
  settings       = var.settings

  s3_event_rules = {
    sales_etl_file_trigger = {
      bucket_name = var.s3_buckets["bronze"]
      prefix      = "sales/"
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["sales_etl"]
    }
  }

  schedules = {
    sales_etl_schedule = {
      schedule_expression = "cron(0 3 ? * MON *)"
      timezone            = "UTC"
      target_arn          = var.glue_job_arns["sales_etl"]
    }
  }
}
