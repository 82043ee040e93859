variable "environment" {}

variable "schedules" {}

resource "aws_iam_role" "scheduler" {
  name = "start-glue-jobs-${var.environment}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "glue:StartJobRun", Resource = "*" }]
  })
}

resource "aws_scheduler_schedule" "schedules" {
  for_each = var.schedules

  name                = "${var.environment}-${replace(each.key, "_", "-")}"
  schedule_expression = each.value.schedule_expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:scheduler:::aws-sdk:glue:startJobRun"
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ JobName = split("/", each.value.target_arn)[1] })
  }
}
