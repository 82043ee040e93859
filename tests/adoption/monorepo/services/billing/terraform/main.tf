variable "stage" {
  type    = string
  default = "dev"
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_s3_bucket" "zones" {
  for_each = toset(["bronze", "silver", "code"])

  bucket = "billing-${var.stage}-${each.key}"
}

resource "aws_iam_role" "glue" {
  name               = "billing-glue"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "glue.amazonaws.com" } }] })
}

resource "aws_glue_job" "jobs" {
  for_each = toset(["invoices", "payments"])

  name            = "billing-${each.key}-${var.stage}"
  role_arn        = aws_iam_role.glue.arn
  glue_version    = "5.1"
  execution_class = "STANDARD"
  max_capacity    = 2
  timeout         = 60

  command {
    script_location = "s3://${aws_s3_bucket.zones["code"].bucket}/etl/${each.key}.py"
  }

  default_arguments = {
    "--stage"          = var.stage
    "--extra-py-files" = "s3://${aws_s3_bucket.zones["code"].bucket}/libraries.zip"
  }
}
