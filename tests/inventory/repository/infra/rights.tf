resource "aws_iam_role_policy" "glue" {
  name = "data-and-logs"
  role = aws_iam_role.glue.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = [for name in ["code", "raw", "clean"] : "arn:aws:s3:::shop-${name}*"]
      }, {
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:aws:logs:*:*:log-group:/aws-glue/*"]
    }]
  })
}
