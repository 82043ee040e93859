# Owned by you: edit freely; a template update merges into your edits and never discards them.

module "product_catalog" {
  source = "../modules/eventbridge"

  environment    = var.environment
  pass_s3_object = var.pass_s3_object
  settings       = var.settings

  s3_event_rules = {
    product_catalog_file_trigger = {
      bucket_name = var.s3_buckets["bronze"]
      prefix      = "products/"
      suffix      = ".json"
      target_arn  = var.glue_job_arns["product_catalog"]
    }
  }
}
