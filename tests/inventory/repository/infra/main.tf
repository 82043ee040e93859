variable "environment" {
  type    = string
  default = "dev"
}

locals {
  scripts = "glue"
}

resource "aws_s3_bucket" "code" {
  bucket = "shop-code"
}

resource "aws_s3_bucket" "raw" {
  bucket = "shop-raw"
}

resource "aws_s3_bucket_notification" "raw" {
  bucket      = aws_s3_bucket.raw.bucket
  eventbridge = true
}

resource "aws_s3_bucket" "clean" {
  bucket = "shop-clean"
}

resource "aws_s3_object" "orders" {
  bucket = aws_s3_bucket.code.bucket
  key    = "${local.scripts}/orders.py"
  source = "${path.module}/../glue/orders.py"
}

resource "aws_iam_role" "glue" {
  name               = "shop-glue"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "glue.amazonaws.com" } }] })
}

resource "aws_glue_job" "clicks" {
  name            = "shop-clicks"
  role_arn        = aws_iam_role.glue.arn
  execution_class = "STANDARD"
  max_capacity    = 2
  timeout         = 60
  glue_version    = "4.0"

  command {
    script_location = "s3://shop-code/${local.scripts}/clicks.py"
  }

  default_arguments = {
    "--env"                 = var.environment
    "--extra-py-files"      = "s3://shop-code/libraries.zip"
    "--job-bookmark-option" = "job-bookmark-enable"
  }
}

resource "aws_glue_job" "orders" {
  name            = "shop-orders-${var.environment}"
  role_arn        = aws_iam_role.glue.arn
  execution_class = "STANDARD"
  max_capacity    = 2
  timeout         = 60
  glue_version    = "3.0"

  command {
    script_location = "s3://${aws_s3_bucket.code.bucket}/${aws_s3_object.orders.key}"
  }

  default_arguments = {
    "--bucket"         = aws_s3_bucket.raw.bucket
    "--day"            = "today"
    "--extra-py-files" = "s3://shop-code/libraries.zip"
  }
}

resource "aws_glue_job" "others" {
  for_each = toset(["stock", "returns"])

  name            = "shop-${each.value}"
  role_arn        = aws_iam_role.glue.arn
  execution_class = "STANDARD"
  max_capacity    = 2
  timeout         = 60

  command {
    script_location = "s3://shop-code/${local.scripts}/${each.value}.py"
  }
}

resource "aws_glue_trigger" "nightly" {
  name     = "nightly"
  type     = "SCHEDULED"
  schedule = "cron(0 3 * * ? *)"

  actions {
    job_name = aws_glue_job.clicks.name
  }
}
