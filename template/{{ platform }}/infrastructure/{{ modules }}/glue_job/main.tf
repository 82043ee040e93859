# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

module "account" {
  source = "../account"
}

locals {
  # The ARN is built from parts that are known before the job exists, so that other resources can use it as a key.
  arn = join(":", [
    "arn", module.account.partition, "glue", module.account.place, "job/${aws_glue_job.this.name}",
  ])
  s3_arn   = "arn:${module.account.partition}:s3:::"
  glue_arn = "arn:${module.account.partition}:glue:${module.account.place}"

  role_arn = var.role_arn == null ? one(aws_iam_role.job[*].arn) : var.role_arn
  keys     = distinct(compact(concat([var.kms_key_arn], var.kms_key_arns)))

  # Only this job writes there: what Glue installs there runs with the rights of the job.
  temporary = "s3://${var.buckets.artifacts}/temporary/${var.name}/"
}

resource "aws_glue_job" "this" {
  #checkov:skip=CKV_AWS_195: the buckets encrypt what is written, CloudWatch encrypts logs, bookmarks are off
  name                    = var.name
  role_arn                = local.role_arn
  glue_version            = var.glue_version
  execution_class         = var.execution_class
  worker_type             = var.worker_type
  number_of_workers       = var.number_of_workers
  timeout                 = var.timeout
  max_retries             = 0 # only the state machine retries, and only errors that a retry can fix
  job_run_queuing_enabled = true
  security_configuration  = var.security_configuration
  connections             = length(var.connections) > 0 ? var.connections : null
  tags                    = length(var.tags) > 0 ? var.tags : null

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = var.script_location
  }

  execution_property {
    max_concurrent_runs = var.max_concurrent_runs
  }

  # Without a region, S3A takes that of us-east-2 on Glue 5.1, and requests to other regions time out. Further settings
  # of Spark come from the job.
  #
  # Glue 6.0 deprecates installing modules at the start of each run. It keeps them where the prefix of Python's
  # virtual environments says.
  default_arguments = merge(var.arguments, {
    for name, value in {
      "--env"                               = var.environment
      "--conf"                              = join(" --conf ", compact(["spark.hadoop.fs.s3a.endpoint.region=${module.account.region}", lookup(var.arguments, "--conf", "")]))
      "--extra-py-files"                    = var.runtime_location
      "--additional-python-modules"         = var.wheels_location == null ? join(",", var.python_modules) : var.wheels_location
      "--python-modules-installer-option"   = var.wheels_location == null ? "" : "--no-index"
      "--python-virtual-env-storage-prefix" = try(tonumber(var.glue_version) >= 6, false) && length(var.python_modules) > 0 ? "${local.temporary}python-environments/" : ""
      "--job-language"                      = "python"
      "--job-bookmark-option"               = "job-bookmark-disable"
      "--custom-logGroup-prefix"            = var.log_group_prefix
      "--run_metrics"                       = var.run_metrics
      "--TempDir"                           = local.temporary
      "--extra-jars"                        = join(",", var.jars)
      "--enable-auto-scaling"               = var.auto_scaling ? "true" : ""
      "--lake_buckets"                      = join(",", [for zone, name in var.existing_buckets : "${zone}=${name}"])
      "--load_history"                      = var.load_history == null ? "" : var.load_history
      "--catalog_database"                  = var.catalog_database == null ? "" : var.catalog_database
    } : name => value if value != ""
  })

  depends_on = [aws_iam_role_policy.job, aws_iam_role_policy.network]
}

# A role that is given stays as it is: this module makes nothing of it.
resource "aws_iam_role" "job" {
  count = var.role_arn == null ? 1 : 0

  name                 = "${var.name}-job"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "glue.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = module.account.id } }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  count = var.role_arn == null ? 1 : 0

  name = "data-and-logs"
  role = aws_iam_role.job[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "ListBuckets"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = [for zone in local.listed_zones : "${local.s3_arn}${local.buckets[zone]}"]
      },
      {
        # S3A lists the uploads in parts that are under way, to end those of killed runs.
        Sid      = "ListUploads"
        Effect   = "Allow"
        Action   = ["s3:ListBucketMultipartUploads"]
        Resource = [for zone in local.written_zones : "${local.s3_arn}${var.buckets[zone]}"]
      },
      {
        Sid      = "ReadSourcesAndArtifacts"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = local.readable
      },
      {
        Sid      = "ReadAndWriteResults"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = local.writable
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for arn in var.log_group_arns : "${arn}:*"]
      },
      ], [
      for database in compact([var.catalog_database]) : {
        Sid    = "WriteCatalogEntries"
        Effect = "Allow"
        Action = ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable"]
        Resource = concat(
          ["${local.glue_arn}:catalog", "${local.glue_arn}:database/${database}"],
          [for table in local.catalogued : "${local.glue_arn}:table/${database}/${table}"],
        )
      }
      ], [
      for keys in [local.keys] : {
        Sid      = "UseTheKeyOfTheBuckets"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = keys
      } if length(keys) > 0
    ])
  })
}

moved {
  from = aws_iam_role.job
  to   = aws_iam_role.job[0]
}

moved {
  from = aws_iam_role_policy.job
  to   = aws_iam_role_policy.job[0]
}
