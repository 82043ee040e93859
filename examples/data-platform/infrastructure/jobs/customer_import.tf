# Owned by you: edit freely; a template update merges into your edits and never discards them.

module "customer_import" {
  source = "../modules/eventbridge"

  environment    = var.environment
  pass_s3_object = var.pass_s3_object
  settings       = var.settings

  s3_event_rules = {
    customer_import_file_trigger = {
      bucket_name = var.s3_buckets["bronze"]
      prefix      = "customers/"
      suffix      = ".csv"
      target_arn  = var.glue_job_arns["customer_import"]
    }
  }

  schedules = {
    customer_import_schedule = {
      schedule_expression = "cron(0 2 * * ? *)"
      timezone            = "Europe/Berlin"
      target_arn          = var.glue_job_arns["customer_import"]
    }
  }
}
