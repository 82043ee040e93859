# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

locals {
  # What names on AWS begin with: mart- for the name_prefix mart.
  prefix = var.name_prefix == "" ? "" : "${var.name_prefix}-"

  zones = ["bronze", "silver", "gold"]
  buckets = {
    for name in concat(local.zones, ["artifacts"]) : name => "${var.lake_prefix}-${var.environment}-${name}"
    if !contains(keys(var.existing_buckets), name)
  }
  # The names in effect: those of the buckets of this module, and of buckets that exist.
  bucket_names = merge({ for name, bucket in aws_s3_bucket.this : name => bucket.bucket }, var.existing_buckets)
  bucket_keys  = { for name in concat(local.zones, ["artifacts"]) : name => lookup(var.kms_key_arns, name, var.kms_key_arn) }
  # There is no list of jobs: every module in src/jobs is a job. Its name on AWS is declared next to its
  # triggers, so that a renamed module stays the same job on AWS: sales.json keeps sales_etl. Without a
  # declaration, the name of the module is the name on AWS.
  declarations = {
    for file in fileset("${var.repository}/infrastructure/jobs", "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${var.repository}/infrastructure/jobs/${file}"))
  }
  declared_names = { for module, declaration in local.declarations : module => declaration.deployed_name }
  jobs = {
    for file in fileset("${var.repository}/src/jobs", "*.py") :
    lookup(local.declared_names, trimsuffix(file, ".py"), trimsuffix(file, ".py")) => trimsuffix(file, ".py")
    if file != "__init__.py"
  }
  # glue_jobs belongs to one environment, and wins over the job's own file, which is for all of them.
  settings = {
    for module in values(local.jobs) : module => merge(
      lookup(local.declarations, module, {}),
      { for name, value in try(var.glue_jobs[module], {}) : name => value if value != null },
    )
  }
  known_settings = [
    "//", "auto_scaling", "connections", "default_arguments", "deployed_name", "execution_class", "expected", "glue_version",
    "jars", "max_concurrent_runs", "number_of_workers", "permissions_boundary", "policy_statements", "python_modules",
    "reads", "role_arn", "role_path", "security_configuration", "tags", "timeout", "worker_type", "writes",
  ]
  runtime = "${var.repository}/build/glue_runtime.zip"

  # The packages of each job, and the archive with their wheels: build/wheels/glue-5.1-0f3a5c7e9b1d.gluewheels.zip.
  # glue_runtime.local.wheels composes the same name.
  python_modules = {
    for module, settings in local.settings : module => concat(var.python_modules, try(settings.python_modules, []))
  }
  wheels = {
    for module, packages in local.python_modules : module => join("-", [
      "glue", try(local.settings[module].glue_version, var.glue_version),
      "${substr(sha256(join(",", packages)), 0, 12)}.gluewheels.zip",
    ]) if var.python_modules_from == "artifacts" && length(packages) > 0
  }

  # The files with a block that would name its rules without the name_prefix.
  files_without_prefix = [
    for file in concat(
      [for name in fileset("${var.repository}/infrastructure/jobs", "*.tf") : "${var.repository}/infrastructure/jobs/${name}"],
      [for name in fileset(path.root, "*.tf") : "${path.root}/${name}"],
    ) :
    basename(file) if can(regex("source\\s*=\\s*\"[^\"]*/eventbridge\"[^}]*\\n\\s*environment\\s*=\\s*\"[a-z0-9]+\"", file(file)))
  ]

  # An S3 object takes at most ten tags. With more default_tags, an apply would fail: objects then have none.
  provider_of_objects = length(data.aws_default_tags.this.tags) > 10 ? [{}] : []

  # All jobs share one pair of log groups, so that one query covers all jobs; each line names its job.
  usual_log_groups = "/aws-glue/${var.lake_prefix}-${var.environment}"
  log_group_prefix = lookup(var.existing_log_groups, "jobs", local.usual_log_groups)
  has_log_groups   = contains(keys(var.existing_log_groups), "jobs")
  log_groups = {
    for stream in ["output", "error"] : stream => local.has_log_groups ? {
      name = "${local.log_group_prefix}/${stream}"
      arn  = "arn:${module.account.partition}:logs:${module.account.place}:log-group:${local.log_group_prefix}/${stream}"
      } : {
      name = aws_cloudwatch_log_group.jobs[stream].name
      arn  = aws_cloudwatch_log_group.jobs[stream].arn
    }
  }

  connections = concat(aws_glue_connection.vpc[*].name, var.connections)

  # Athena wants names with other characters than these between quotation marks.
  usual_database = replace("${var.lake_prefix}-${var.environment}-silver", "/[-.]/", "_")
  database       = var.existing_database == null ? one(aws_glue_catalog_database.this[*].name) : var.existing_database

  # What became of each file: see docs/querying.md.
  load_history = "s3://${local.bucket_names["silver"]}/_loads"
}

module "account" {
  source = "../account"
}

data "aws_default_tags" "this" {}

module "glue_job" {
  source   = "../glue_job"
  for_each = local.jobs

  name                = "${local.prefix}${replace(each.key, "_", "-")}-${var.environment}"
  environment         = var.environment
  script_location     = "s3://${aws_s3_object.script[each.key].bucket}/${aws_s3_object.script[each.key].key}"
  runtime_location    = "s3://${aws_s3_object.runtime.bucket}/${aws_s3_object.runtime.key}"
  python_modules      = local.python_modules[each.value]
  wheels_location     = contains(keys(local.wheels), each.value) ? "s3://${aws_s3_object.wheels[local.wheels[each.value]].bucket}/${aws_s3_object.wheels[local.wheels[each.value]].key}" : null
  buckets             = local.bucket_names
  table               = each.key
  reads               = try(local.settings[each.value].reads, null)
  writes              = try(local.settings[each.value].writes, {})
  kms_key_arns        = compact(values(local.bucket_keys))
  glue_version        = try(local.settings[each.value].glue_version, var.glue_version)
  log_group_prefix    = local.log_group_prefix
  run_metrics         = var.run_metrics
  log_group_arns      = [local.log_groups["error"].arn, local.log_groups["output"].arn]
  worker_type         = try(local.settings[each.value].worker_type, "G.1X")
  number_of_workers   = try(local.settings[each.value].number_of_workers, 2)
  timeout             = try(local.settings[each.value].timeout, 60)
  max_concurrent_runs = try(local.settings[each.value].max_concurrent_runs, 20)

  execution_class        = try(local.settings[each.value].execution_class, "STANDARD")
  auto_scaling           = try(local.settings[each.value].auto_scaling, false)
  arguments              = try(local.settings[each.value].default_arguments, {})
  jars                   = try(local.settings[each.value].jars, [])
  security_configuration = try(local.settings[each.value].security_configuration, null)
  tags                   = try(local.settings[each.value].tags, {})
  policy_statements      = try(local.settings[each.value].policy_statements, [])

  existing_buckets     = var.existing_buckets
  load_history         = local.load_history
  catalog_database     = local.database
  role_arn             = try(local.settings[each.value].role_arn, null)
  role_path            = try(local.settings[each.value].role_path, var.role_path)
  permissions_boundary = try(local.settings[each.value].permissions_boundary, var.permissions_boundary)
  connections          = distinct(concat(local.connections, try(local.settings[each.value].connections, [])))
}

resource "aws_s3_object" "script" {
  for_each = local.jobs

  bucket      = local.bucket_names["artifacts"]
  key         = "scripts/${each.key}.py"
  source      = "${var.repository}/src/jobs/${each.value}.py"
  source_hash = filemd5("${var.repository}/src/jobs/${each.value}.py")

  dynamic "override_provider" {
    for_each = local.provider_of_objects

    content {
      default_tags {
        tags = override_provider.value
      }
    }
  }

  # Terraform would replace a job that is deployed under another name than that of its module.
  lifecycle {
    precondition {
      condition = (
        contains(keys(local.declared_names), each.value)
        || strcontains(file("${var.repository}/src/jobs/${each.value}.py"), ".main(\"${each.value}\")")
        || !strcontains(file("${var.repository}/src/jobs/${each.value}.py"), ".main(")
      )
      error_message = "Expected infrastructure/jobs/${each.value}.json to declare the name that src/jobs/${each.value}.py hands to main(), found no such file: {\"deployed_name\": \"...\"}."
    }

    precondition {
      condition     = length(setsubtract(keys(local.settings[each.value]), local.known_settings)) == 0
      error_message = "Expected infrastructure/jobs/${each.value}.json to have only ${join(", ", local.known_settings)}, found ${join(", ", setsubtract(keys(local.settings[each.value]), local.known_settings))}."
    }
  }
}

resource "aws_s3_object" "runtime" {
  bucket      = local.bucket_names["artifacts"]
  key         = "runtime/glue_runtime.zip"
  source      = local.runtime
  source_hash = fileexists(local.runtime) ? filemd5(local.runtime) : null

  dynamic "override_provider" {
    for_each = local.provider_of_objects

    content {
      default_tags {
        tags = override_provider.value
      }
    }
  }

  lifecycle {
    precondition {
      condition     = fileexists(local.runtime)
      error_message = "Expected the zipped runtime in build/glue_runtime.zip, found no such file: run make build first."
    }
  }
}

resource "aws_s3_object" "wheels" {
  for_each = toset(values(local.wheels))

  bucket      = local.bucket_names["artifacts"]
  key         = "wheels/${each.key}"
  source      = "${var.repository}/build/wheels/${each.key}"
  source_hash = fileexists("${var.repository}/build/wheels/${each.key}") ? filemd5("${var.repository}/build/wheels/${each.key}") : null

  dynamic "override_provider" {
    for_each = local.provider_of_objects

    content {
      default_tags {
        tags = override_provider.value
      }
    }
  }

  lifecycle {
    # A job changes to its new packages before the old ones go.
    create_before_destroy = true

    precondition {
      condition     = fileexists("${var.repository}/build/wheels/${each.key}")
      error_message = "Expected build/wheels/${each.key} with the packages ${join(", ", [for module, name in local.wheels : "${join(" ", local.python_modules[module])} of ${module}" if name == each.key])}, found no such file. make build fetches the packages in pyproject.toml and infrastructure/jobs, and says what it cannot have for a version of Glue. With python_modules_from = \"index\", runs install packages from the package index."
    }
  }
}

resource "aws_cloudwatch_log_group" "jobs" {
  #checkov:skip=CKV_AWS_158: CloudWatch encrypts with its own key; a customer key, kms_key_arns.logs, costs extra
  #checkov:skip=CKV_AWS_338: log_retention_days decides; keeping logs for a year costs more than it is worth
  for_each = toset(local.has_log_groups ? [] : ["output", "error"])

  name              = "${local.log_group_prefix}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = lookup(var.kms_key_arns, "logs", null)
}

# CloudWatch counts missed schedules per schedule group.
resource "aws_scheduler_schedule_group" "this" {
  name = "${local.prefix}${var.environment}"

  lifecycle {
    precondition {
      condition     = var.name_prefix == "" || length(local.files_without_prefix) == 0
      error_message = "Expected blocks of the module eventbridge with the name_prefix, environment = \"${var.name_prefix}--${var.environment}\", which var.environment is in infrastructure/jobs, found one without it in ${join(", ", local.files_without_prefix)}: its rules would be those of a platform without a prefix."
    }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18: the account's CloudTrail records who reads what; access logs need one more bucket
  #checkov:skip=CKV_AWS_144: a copy in another region doubles the price; versioning keeps overwritten objects
  #checkov:skip=CKV2_AWS_62: bronze notifies EventBridge; nothing consumes events of the other buckets
  for_each = local.buckets

  bucket        = each.value
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    bucket_key_enabled = local.bucket_keys[each.key] != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.bucket_keys[each.key] == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.bucket_keys[each.key]
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    id     = "remove-what-is-replaced-or-unfinished"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_version_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "remove-temporary-data"
    status = each.key == "artifacts" ? "Enabled" : "Disabled"

    filter {
      prefix = "temporary/"
    }

    expiration {
      days = 3
    }
  }

  dynamic "rule" {
    for_each = each.key == "artifacts" ? [1] : []

    content {
      id     = "remove-manifests-of-batches"
      status = "Enabled"

      filter {
        prefix = "manifests/"
      }

      expiration {
        days = 30
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# An existing bucket may have notifications of its owner, which this resource would replace.
resource "aws_s3_bucket_notification" "bronze" {
  count = coalesce(var.manage_bucket_notifications, !contains(keys(var.existing_buckets), "bronze")) ? 1 : 0

  bucket      = local.bucket_names["bronze"]
  eventbridge = true
}

# The runs register their tables here. Whoever destroys it loses these entries, which later runs write again, and no data.
resource "aws_glue_catalog_database" "this" {
  count = var.existing_database == null ? 1 : 0

  name        = local.usual_database
  description = "Tables and quarantines of the jobs in ${var.environment}."
}

# Runs of Glue reach a VPC through a connection that names one of its subnets.
resource "aws_glue_connection" "vpc" {
  count = var.vpc == null ? 0 : 1

  name            = "${var.lake_prefix}-${var.environment}-vpc"
  connection_type = "NETWORK"

  physical_connection_requirements {
    subnet_id              = var.vpc.subnet_id
    security_group_id_list = var.vpc.security_group_ids
    availability_zone      = var.vpc.availability_zone
  }
}
