# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

variable "name" {
  description = "Name of the Glue job, such as sales-etl-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,48}$", var.name))
    error_message = "Expected 1 to 49 lower-case letters, digits and hyphens, so that the names derived from it fit, found ${length(var.name)} characters in ${var.name}: name_prefix, the job's name and the environment share them."
  }
}

variable "environment" {
  description = "Environment of the runs, passed to the job as --env."
  type        = string
}

variable "script_location" {
  description = "S3 URI of the job's script."
  type        = string

  validation {
    condition     = startswith(var.script_location, "s3://")
    error_message = "Expected an S3 URI: s3://bucket/scripts/sales_etl.py."
  }
}

variable "runtime_location" {
  description = "S3 URI of the zipped runtime that the script imports."
  type        = string

  validation {
    condition     = startswith(var.runtime_location, "s3://")
    error_message = "Expected an S3 URI: s3://bucket/runtime/glue_runtime.zip."
  }
}

variable "python_modules" {
  description = "PyPI packages that the runtime needs, with pinned versions: structlog==26.1.0."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for module in var.python_modules : strcontains(module, "==")])
    error_message = "Expected pinned packages: structlog==26.1.0."
  }
}

variable "wheels_location" {
  description = "S3 URI of an archive with these packages as wheels, which make build writes: each run then installs them from there. If it is null, each run installs them from the package index, which takes access to the internet."
  type        = string
  default     = null

  validation {
    condition     = var.wheels_location == null || can(regex("^s3://.+\\.gluewheels\\.zip$", var.wheels_location))
    error_message = "Expected the S3 URI of an archive whose name ends in .gluewheels.zip, or null."
  }
}

variable "buckets" {
  description = "Names of the data lake's buckets by zone, and of the artifacts bucket. reads and writes say what the job may reach there."
  type = object({
    bronze    = string
    silver    = string
    gold      = string
    artifacts = string
  })
}

variable "table" {
  description = "Folder of the job's table in the silver bucket: its deployed name, such as sales_etl. reads needs it."
  type        = string
  default     = null
}

variable "reads" {
  description = "Prefixes that the job may read, by zone or by another bucket: { bronze = [\"sales/\", \"customers/\"], \"s3://acme-landing-{env}\" = [\"orders/\"] }, where {env} stands for the environment. The job may then write only its own table and quarantine, and writes. If it is null, the job reads all of bronze and artifacts, and reads and writes all of silver and gold."
  type        = map(list(string))
  default     = null

  validation {
    condition     = var.reads == null || var.table != null
    error_message = "Expected table beside reads, so that the role may write it: sales_etl."
  }

  validation {
    condition     = alltrue([for zone in keys(coalesce(var.reads, {})) : contains(keys(var.buckets), zone) || can(regex("^s3://[a-z0-9{][a-z0-9.{}-]+$", zone))])
    error_message = "Expected prefixes by zone, bronze, silver, gold or artifacts, or by another bucket, s3://acme-landing-{env}: { bronze = [\"sales/\"] }."
  }

  validation {
    condition     = alltrue([for prefix in flatten(values(coalesce(var.reads, {}))) : can(regex("^([^/*?$]+(/[^/*?$]+)*/)?$", prefix))])
    error_message = "Expected folders that end in a slash, without wildcards: sales/, landing/daily sales/, or an empty prefix for the whole bucket."
  }
}

variable "writes" {
  description = "Further prefixes that the job may read and write, by zone: { gold = [\"sales_by_day/\"] }. It needs reads: without it, the job writes all of silver and gold."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.writes) == 0 || var.reads != null
    error_message = "Expected reads beside writes: without it, the job may write all of silver and gold."
  }

  validation {
    condition     = alltrue([for zone in keys(var.writes) : contains(["silver", "gold"], zone)])
    error_message = "Expected prefixes by zone, silver or gold: { gold = [\"sales_by_day/\"] }."
  }

  validation {
    condition     = alltrue([for prefix in flatten(values(var.writes)) : can(regex("^[^/*?$]+(/[^/*?$]+)*/$", prefix))])
    error_message = "Expected folders that end in a slash, without wildcards: sales_by_day/."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the buckets; null if S3 encrypts them with its own keys."
  type        = string
  default     = null
}

variable "kms_key_arns" {
  description = "ARNs of further KMS keys, where the buckets have different ones."
  type        = list(string)
  default     = []
}

variable "existing_buckets" {
  description = "Those of buckets that do not have the name that the platform gives them, by zone. The runs get their names as --lake_buckets."
  type        = map(string)
  default     = {}
}

variable "load_history" {
  description = "S3 URI of the folder, in the silver bucket, where runs record what became of each file. They get it as --load_history, and write below the name of their table. If it is null, they record nothing."
  type        = string
  default     = null

  validation {
    condition     = var.load_history == null || can(regex("^s3://[^/]+/_loads$", var.load_history))
    error_message = "Expected the folder _loads of the silver bucket as load_history, s3://data-lake-dev-silver/_loads, found ${jsonencode(var.load_history)}."
  }
}

variable "catalog_database" {
  description = "Name of the database of the Glue Data Catalog in which the runs register the job's table and its quarantine. They get it as --catalog_database. If it is null, they register nothing."
  type        = string
  default     = null

  validation {
    condition     = var.catalog_database == null || can(regex("^[a-z0-9_.-]{1,255}$", var.catalog_database))
    error_message = "Expected the name of a database as catalog_database, of lower-case letters, digits, underscores, hyphens and dots, found ${jsonencode(var.catalog_database)}: data_lake_dev_silver."
  }
}

variable "role_arn" {
  description = "ARN of a role for the job that exists. If it is null, the module makes one."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", coalesce(var.role_arn, "arn:aws:iam::123456789012:role/x")))
    error_message = "Expected the ARN of a role as role_arn: arn:aws:iam::123456789012:role/glue."
  }

  validation {
    condition     = var.role_arn == null || length(var.policy_statements) == 0
    error_message = "Expected role_arn or policy_statements, found both: nothing of a role that is given is changed. Put the statements into its own policy."
  }
}

variable "role_path" {
  description = "Path of the role that the module makes, such as /data/."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^/([!-~]+/)?$", coalesce(var.role_path, "/")))
    error_message = "Expected a path that begins and ends with a slash: /data/."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role that the module makes."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[^:]*:policy/.+$", coalesce(var.permissions_boundary, "arn:aws:iam::aws:policy/x")))
    error_message = "Expected the ARN of a policy: arn:aws:iam::123456789012:policy/boundary."
  }
}

variable "connections" {
  description = "Names of Glue connections that exist. The job runs in their subnets, and the role that the module makes may use them."
  type        = list(string)
  default     = []
}

variable "glue_version" {
  description = "AWS Glue version. It is pinned, because it determines the versions of Spark and Python."
  type        = string

  validation {
    condition     = contains(["5.1", "6.0", "5.0"], var.glue_version)
    error_message = "Expected 5.1 or 6.0 or 5.0."
  }
}

variable "worker_type" {
  description = "Worker type: one that the AWS provider knows, and that Glue gives to such jobs. G.1X is 1 DPU."
  type        = string
  default     = "G.1X"

  validation {
    condition     = !contains(["G.025X", "Standard", "Z.2X"], var.worker_type)
    error_message = "Expected a worker type such as G.1X or R.2X: G.025X is for streaming jobs, Z.2X for Ray jobs, and Standard for Glue 2.0 and earlier."
  }
}

variable "number_of_workers" {
  description = "Number of workers of a run that does not set its own number; at least 2."
  type        = number
  default     = 2

  validation {
    condition     = var.number_of_workers >= 2 && var.number_of_workers <= 299
    error_message = "Expected 2 to 299 workers."
  }
}

variable "timeout" {
  description = "Timeout of a run, in minutes."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 10080
    error_message = "Expected 1 to 10080 minutes."
  }
}

variable "max_concurrent_runs" {
  description = "Maximum number of concurrent runs of this job. Further runs wait in Glue's queue."
  type        = number
  default     = 20

  validation {
    condition     = var.max_concurrent_runs >= 1 && var.max_concurrent_runs <= 1000
    error_message = "Expected 1 to 1000 runs."
  }
}

variable "execution_class" {
  description = "STANDARD, or FLEX for runs that are cheaper and may start later."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "FLEX"], var.execution_class)
    error_message = "Expected STANDARD or FLEX."
  }
}

variable "auto_scaling" {
  description = "Whether Glue removes workers that a run does not use. number_of_workers is then the maximum."
  type        = bool
  default     = false
}

variable "arguments" {
  description = "Further default arguments of the job: { \"--region\" = \"emea\" }. Those that the platform sets itself cannot be among them; --conf is added to its own: a=1 --conf b=2."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.arguments) : startswith(name, "--") && !contains([
        "--TempDir", "--additional-python-modules", "--bucket", "--catalog_database", "--custom-logGroup-prefix",
        "--enable-auto-scaling", "--env", "--extra-jars", "--extra-py-files", "--job-bookmark-option", "--job-language", "--lake_buckets",
        "--load_history", "--object_key",
        "--python-modules-installer-option", "--python-virtual-env-storage-prefix", "--run_metrics", "--uploaded_at",
      ], name)
    ])
    error_message = "Expected names that begin with -- and that the platform does not set itself: --region."
  }
}

variable "jars" {
  description = "S3 URIs of further jars, which the role must be able to read: with reads it may, otherwise see policy_statements."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for jar in var.jars : can(regex("^s3://.+\\.jar$", jar))])
    error_message = "Expected S3 URIs of jars: s3://bucket/jars/driver.jar."
  }
}

variable "security_configuration" {
  description = "Name of a Glue security configuration. policy_statements must permit what it needs, such as its keys."
  type        = string
  default     = null
}

variable "tags" {
  description = "Further tags of the Glue job."
  type        = map(string)
  default     = {}
}

variable "policy_statements" {
  description = "Further statements of the policy of the job's role, with Effect, Action and Resource."
  type        = any
  default     = []

  validation {
    condition     = alltrue([for statement in var.policy_statements : length(setsubtract(["Effect", "Action", "Resource"], keys(statement))) == 0])
    error_message = "Expected statements with Effect, Action and Resource."
  }
}

variable "run_metrics" {
  description = "Metrics that runs write to their log: off, environment (each metric once per kind of trigger, for all jobs together) or job (also once per kind of trigger for every job)."
  type        = string
  default     = "environment"

  validation {
    condition     = contains(["off", "environment", "job"], var.run_metrics)
    error_message = "Expected off, environment or job."
  }
}

variable "log_group_prefix" {
  description = "Common prefix of the log groups that the runs write to, before /output and /error."
  type        = string

  validation {
    condition     = startswith(var.log_group_prefix, "/") && !endswith(var.log_group_prefix, "/")
    error_message = "Expected a name with a leading slash and no trailing slash: /aws-glue/data-lake-prod."
  }
}

variable "log_group_arns" {
  description = "ARNs of these log groups."
  type        = list(string)
}
