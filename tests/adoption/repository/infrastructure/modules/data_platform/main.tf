variable "environment" {}

variable "glue_jobs" {}

resource "aws_s3_bucket" "zones" {
  for_each = toset(["bronze", "silver", "scripts"])

  bucket = "data-lake-${var.environment}-${each.key}"
}

resource "aws_iam_role" "glue" {
  name = "glue-jobs-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "glue.amazonaws.com" }
    }]
  })
}

resource "aws_glue_job" "jobs" {
  for_each = var.glue_jobs

  name            = "${replace(each.key, "_", "-")}-${var.environment}"
  role_arn        = aws_iam_role.glue.arn
  glue_version    = "5.0"
  execution_class = "STANDARD"
  max_capacity    = each.value.max_capacity
  timeout         = each.value.timeout

  command {
    name            = "glueetl"
    script_location = "s3://${aws_s3_bucket.zones["scripts"].bucket}/jobs/${each.key}.py"
  }

  default_arguments = {
    "--env"            = var.environment
    "--extra-py-files" = "s3://${aws_s3_bucket.zones["scripts"].bucket}/src.zip"
  }
}

output "s3_buckets" {
  value = { for zone, bucket in aws_s3_bucket.zones : zone => bucket.bucket }
}

output "glue_job_arns" {
  value = { for name, job in aws_glue_job.jobs : name => job.arn }
}
