# Owned by the gluecast template: an update rewrites this file and merges local edits into it.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { endpoint = "ec2.eu-central-1.amazonaws.com" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
}

variables {
  name             = "sales-etl-dev"
  environment      = "dev"
  script_location  = "s3://lake-dev-artifacts/scripts/sales_etl.py"
  runtime_location = "s3://lake-dev-artifacts/runtime/glue_runtime.zip"
  python_modules   = ["structlog==26.1.0"]
  glue_version     = "5.1"
  log_group_prefix = "/aws-glue/lake-dev"
  log_group_arns   = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws-glue/lake-dev/output"]
  buckets = {
    bronze    = "lake-dev-bronze"
    silver    = "lake-dev-silver"
    gold      = "lake-dev-gold"
    artifacts = "lake-dev-artifacts"
  }
}

run "a_job_has_what_glue_accepts" {
  command = plan

  assert {
    condition     = aws_glue_job.this.worker_type == "G.1X" && aws_glue_job.this.number_of_workers == 2
    error_message = "Expected workers instead of a capacity, as Glue 2.0 and later require."
  }

  assert {
    condition     = aws_glue_job.this.max_retries == 0 && aws_glue_job.this.job_run_queuing_enabled
    error_message = "Expected Glue to queue runs, and only the state machine to retry."
  }

  assert {
    condition     = aws_glue_job.this.default_arguments["--additional-python-modules"] == "structlog==26.1.0"
    error_message = "Expected Glue to install the runtime's packages."
  }

  assert {
    condition     = !contains(keys(aws_glue_job.this.default_arguments), "--python-modules-installer-option")
    error_message = "Expected Glue to ask the package index where there are no wheels."
  }

  assert {
    condition     = aws_glue_job.this.default_arguments["--conf"] == "spark.hadoop.fs.s3a.endpoint.region=eu-central-1"
    error_message = "Expected S3A to know the region of the buckets."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      if contains(statement.Action, "s3:ListBucketMultipartUploads")
    ])) == toset([for zone in ["silver", "gold", "artifacts"] : "arn:aws:s3:::lake-dev-${zone}"])
    error_message = "Expected the role to list unfinished uploads where the job writes."
  }

  assert {
    condition     = alltrue([for name in keys(aws_glue_job.this.default_arguments) : !contains(["--bucket", "--object_key"], name)])
    error_message = "Expected no default object: it would make every scheduled run an event run."
  }

  assert {
    condition     = output.arn == "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-dev"
    error_message = "Expected an ARN that is known before the job exists, found ${output.arn}."
  }
}

run "what_glue_installs_is_kept_from_6_0_on" {
  command = plan
  variables { glue_version = "6.0" }

  assert {
    condition     = aws_glue_job.this.default_arguments["--python-virtual-env-storage-prefix"] == "s3://lake-dev-artifacts/temporary/sales-etl-dev/python-environments/"
    error_message = "Expected a folder that the role may write to and that the lifecycle rules empty."
  }
}

run "before_6_0_glue_installs_it_for_each_run" {
  command = plan
  variables { glue_version = "5.1" }

  assert {
    condition     = !contains(keys(aws_glue_job.this.default_arguments), "--python-virtual-env-storage-prefix")
    error_message = "Expected no argument that this version of Glue does not know."
  }
}

run "a_job_reads_a_bucket_outside_of_the_lake" {
  command = apply
  variables {
    table = "sales_etl"
    reads = { "s3://acme-landing-{env}" = ["orders/"] }
  }

  assert {
    condition = alltrue([
      for resource in ["arn:aws:s3:::acme-landing-dev/orders/*", "arn:aws:s3:::acme-landing-dev"] : contains(flatten([
        for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      ]), resource)
    ])
    error_message = "Expected the role to list the bucket of this environment, and to read the prefix there."
  }

  assert {
    condition = !contains(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
    ]), "arn:aws:s3:::lake-dev-bronze")
    error_message = "Expected the role to list only buckets that it reads or writes."
  }
}

run "wheels_take_the_place_of_the_package_index" {
  command = plan
  variables { wheels_location = "s3://lake-dev-artifacts/wheels/glue-5.1-0123456789ab.gluewheels.zip" }

  assert {
    condition = (
      aws_glue_job.this.default_arguments["--additional-python-modules"] == var.wheels_location
      && aws_glue_job.this.default_arguments["--python-modules-installer-option"] == "--no-index"
    )
    error_message = "Expected Glue to install the packages from the archive alone."
  }
}

run "the_role_reaches_its_buckets_and_no_others" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement :
      [for action in flatten([statement.Action]) : !strcontains(action, "*")]
    ]))
    error_message = "Expected no wildcard as an action."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement :
      [for resource in flatten([statement.Resource]) : startswith(resource, "arn:aws:s3:::lake-dev-")]
      if statement.Sid != "WriteLogs"
    ]))
    error_message = "Expected access to the data lake's buckets only."
  }

  assert {
    condition = !anytrue([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement :
      contains(statement.Action, "s3:PutObject") && contains(statement.Resource, "arn:aws:s3:::lake-dev-bronze/*")
    ])
    error_message = "Expected read-only access to the sources."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : [
        for resource in flatten([statement.Resource]) :
        !startswith(resource, "arn:aws:s3:::lake-dev-artifacts/") || endswith(resource, "/temporary/sales-etl-dev/*")
      ] if contains(flatten([statement.Action]), "s3:PutObject")
    ]))
    error_message = "Expected no access to what other jobs keep: Glue runs the packages that it finds there."
  }
}

run "a_job_without_reads_has_the_rights_that_it_always_had" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      if contains(["ListBuckets", "ReadSourcesAndArtifacts", "ReadAndWriteResults"], statement.Sid)
      ] == [
      [for zone in ["artifacts", "bronze", "gold", "silver"] : "arn:aws:s3:::lake-dev-${zone}"],
      ["arn:aws:s3:::lake-dev-bronze/*", "arn:aws:s3:::lake-dev-artifacts/*"],
      [
        "arn:aws:s3:::lake-dev-silver/*", "arn:aws:s3:::lake-dev-gold/*",
        "arn:aws:s3:::lake-dev-artifacts/temporary/sales-etl-dev/*",
      ],
    ]
    error_message = "Expected an update to narrow nothing."
  }
}

run "a_job_with_reads_reads_them_and_writes_its_own_tables" {
  command = apply
  variables {
    table           = "sales_etl"
    reads           = { bronze = ["sales/", "landing/customers/"] }
    wheels_location = "s3://lake-dev-artifacts/wheels/glue-5.1-0123456789ab.gluewheels.zip"
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      if contains(statement.Action, "s3:GetObject") && !contains(statement.Action, "s3:PutObject")
      ])) == toset([
      "arn:aws:s3:::lake-dev-artifacts/manifests/sales-etl-dev/*",
      "arn:aws:s3:::lake-dev-artifacts/runtime/glue_runtime.zip",
      "arn:aws:s3:::lake-dev-artifacts/scripts/sales_etl.py",
      "arn:aws:s3:::lake-dev-artifacts/wheels/glue-5.1-0123456789ab.gluewheels.zip",
      "arn:aws:s3:::lake-dev-bronze/landing/customers",
      "arn:aws:s3:::lake-dev-bronze/landing/customers/*",
      "arn:aws:s3:::lake-dev-bronze/landing/customers_$folder$",
      "arn:aws:s3:::lake-dev-bronze/sales",
      "arn:aws:s3:::lake-dev-bronze/sales/*",
      "arn:aws:s3:::lake-dev-bronze/sales_$folder$",
    ])
    error_message = "Expected the role to read its prefixes, its script, the manifests of its batches, the runtime and the wheels."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : [
        for resource in statement.Resource : resource if endswith(resource, "/*")
      ] if contains(statement.Action, "s3:PutObject")
      ])) == toset([
      "arn:aws:s3:::lake-dev-artifacts/temporary/sales-etl-dev/*",
      "arn:aws:s3:::lake-dev-silver/_loads/sales_etl/*",
      "arn:aws:s3:::lake-dev-silver/_quarantine/_staging/sales_etl/*",
      "arn:aws:s3:::lake-dev-silver/_quarantine/sales_etl/*",
      "arn:aws:s3:::lake-dev-silver/_staging/sales_etl/*",
      "arn:aws:s3:::lake-dev-silver/sales_etl/*",
    ])
    error_message = "Expected the role to write the job's table, its quarantine, what a run stages for each, and what it records."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : [
        for resource in statement.Resource : resource if !endswith(resource, "/*") && !strcontains(resource, "sales_etl")
      ] if contains(statement.Action, "s3:PutObject")
      ])) == toset(flatten([
      for folder in ["_loads", "_staging", "_quarantine", "_quarantine/_staging"] :
      [for ending in ["", "/", "_$folder$"] : "arn:aws:s3:::lake-dev-silver/${folder}${ending}"]
    ]))
    error_message = "Expected, of the folders above these, only the empty objects that stand for them."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      if contains(["ListBuckets", "ListUploads"], statement.Sid)
      ] == [
      [for zone in ["artifacts", "bronze", "silver"] : "arn:aws:s3:::lake-dev-${zone}"],
      [for zone in ["silver", "artifacts"] : "arn:aws:s3:::lake-dev-${zone}"],
    ]
    error_message = "Expected nothing of a bucket that the job does not use."
  }
}

run "further_prefixes_are_read_and_written" {
  command = apply
  variables {
    table  = "sales_etl"
    reads  = { silver = ["customer_import/"] }
    writes = { gold = ["reports/sales/"] }
    jars   = ["s3://jars/a.jar"]
  }

  assert {
    condition = (
      length(setsubtract(["arn:aws:s3:::lake-dev-silver/customer_import/*", "arn:aws:s3:::jars/a.jar"], flatten([
        for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
        if statement.Sid == "ReadSourcesAndArtifacts"
      ]))) == 0
      && length(setsubtract(["arn:aws:s3:::lake-dev-gold/reports/sales/*", "arn:aws:s3:::lake-dev-gold/reports/"], flatten([
        for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
        if statement.Sid == "ReadAndWriteResults"
      ]))) == 0
    )
    error_message = "Expected another job's table and a jar to be readable, and a prefix of gold to be writable."
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement :
      [for resource in statement.Resource : !startswith(resource, "arn:aws:s3:::lake-dev-bronze")]
    ]))
    error_message = "Expected nothing of bronze, of which reads names nothing."
  }
}

run "a_prefix_that_matches_more_than_a_folder_is_refused" {
  command = plan
  variables {
    table = "sales_etl"
    reads = { bronze = ["sales"] }
  }
  expect_failures = [var.reads]
}

run "a_prefix_with_a_wildcard_is_refused" {
  command = plan
  variables {
    table  = "sales_etl"
    reads  = {}
    writes = { gold = ["*/"] }
  }
  expect_failures = [var.writes]
}

run "a_zone_that_does_not_exist_is_refused" {
  command = plan
  variables {
    table = "sales_etl"
    reads = { brass = ["sales/"] }
  }
  expect_failures = [var.reads]
}

run "writes_in_bronze_are_refused" {
  command = plan
  variables {
    table  = "sales_etl"
    reads  = { bronze = ["sales/"] }
    writes = { bronze = ["sales/"] }
  }
  expect_failures = [var.writes]
}

run "writes_without_reads_are_refused" {
  command = plan
  variables { writes = { gold = ["sales_by_day/"] } }
  expect_failures = [var.writes]
}

run "reads_without_a_table_are_refused" {
  command = plan
  variables { reads = { bronze = ["sales/"] } }
  expect_failures = [var.reads]
}

run "a_key_of_the_buckets_may_be_used" {
  command = apply
  variables { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1" }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement :
      contains(statement.Action, "kms:Decrypt") && statement.Resource == ["arn:aws:kms:eu-central-1:123456789012:key/1"]
    ])
    error_message = "Expected permission to use the key: without it, the job cannot read any object."
  }
}

run "a_version_that_is_not_pinned_is_refused" {
  command = plan
  variables { glue_version = "auto" }
  expect_failures = [var.glue_version]
}

run "a_single_worker_is_refused" {
  command = plan
  variables { number_of_workers = 1 }
  expect_failures = [var.number_of_workers]
}

run "settings_of_a_job_reach_glue_and_its_role" {
  command = plan
  variables {
    execution_class        = "FLEX"
    auto_scaling           = true
    arguments              = { "--region" = "emea", "--conf" = "spark.a=1 --conf spark.b=2" }
    jars                   = ["s3://jars/a.jar", "s3://jars/b.jar"]
    security_configuration = "encrypted"
    tags                   = { team = "sales" }
    policy_statements      = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::jars/*"] }]
  }

  assert {
    condition = (
      aws_glue_job.this.execution_class == "FLEX"
      && aws_glue_job.this.security_configuration == "encrypted"
      && aws_glue_job.this.tags == tomap({ team = "sales" })
      && aws_glue_job.this.default_arguments["--region"] == "emea"
      && aws_glue_job.this.default_arguments["--conf"] == "spark.hadoop.fs.s3a.endpoint.region=eu-central-1 --conf spark.a=1 --conf spark.b=2"
      && aws_glue_job.this.default_arguments["--env"] == "dev"
      && aws_glue_job.this.default_arguments["--enable-auto-scaling"] == "true"
      && aws_glue_job.this.default_arguments["--extra-jars"] == "s3://jars/a.jar,s3://jars/b.jar"
    )
    error_message = "Expected each setting in the Glue job, beside what the platform sets."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.further[0].policy).Statement[0].Resource == ["arn:aws:s3:::jars/*"]
    error_message = "Expected the further statement in a policy of its own."
  }
}

run "a_job_without_settings_has_no_further_rights" {
  command = plan

  assert {
    condition     = length(aws_iam_role_policy.further) == 0 && aws_glue_job.this.execution_class == "STANDARD" && !contains(keys(aws_glue_job.this.default_arguments), "--enable-auto-scaling")
    error_message = "Expected the job as it was before there were such settings."
  }
}

run "an_argument_of_the_platform_is_refused" {
  command = plan
  variables { arguments = { "--env" = "prod" } }
  expect_failures = [var.arguments]
}

run "a_statement_without_a_resource_is_refused" {
  command = plan
  variables { policy_statements = [{ Effect = "Allow", Action = ["s3:GetObject"] }] }
  expect_failures = [var.policy_statements]
}

run "a_larger_worker_is_taken" {
  command = plan
  variables { worker_type = "G.8X" }

  assert {
    condition     = aws_glue_job.this.worker_type == "G.8X"
    error_message = "Expected the worker type as given."
  }
}

run "a_worker_of_streaming_jobs_is_refused" {
  command = plan
  variables { worker_type = "G.025X" }
  expect_failures = [var.worker_type]
}

run "a_package_that_is_not_pinned_is_refused" {
  command = plan
  variables { python_modules = ["structlog"] }
  expect_failures = [var.python_modules]
}

run "a_name_that_is_too_long_is_refused" {
  command = plan
  variables { name = "a-name-of-a-job-that-is-longer-than-what-fits-here" }
  expect_failures = [var.name]
}

run "a_log_group_that_ends_in_a_slash_is_refused" {
  command = plan
  variables { log_group_prefix = "/aws-glue/" }
  expect_failures = [var.log_group_prefix]
}

run "nothing_of_a_role_that_exists_is_made" {
  command = plan
  variables {
    role_arn    = "arn:aws:iam::123456789012:role/acme/glue"
    connections = ["acme-network"]
  }

  assert {
    condition     = aws_glue_job.this.role_arn == "arn:aws:iam::123456789012:role/acme/glue"
    error_message = "Expected the job to run with the role that exists."
  }

  assert {
    condition     = length(aws_iam_role.job) + length(aws_iam_role_policy.job) + length(aws_iam_role_policy.network) + length(aws_iam_role_policy.further) == 0
    error_message = "Expected no role and no policy: others own them."
  }
}

run "statements_for_a_role_that_exists_are_refused" {
  command = plan
  variables {
    role_arn          = "arn:aws:iam::123456789012:role/acme/glue"
    policy_statements = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::jars/*"] }]
  }
  expect_failures = [var.role_arn]
}

run "a_name_in_place_of_a_roles_arn_is_refused" {
  command = plan
  variables { role_arn = "glue" }
  expect_failures = [var.role_arn]
}

run "a_role_has_its_path_and_boundary" {
  command = plan
  variables {
    role_path            = "/acme/"
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = aws_iam_role.job[0].path == "/acme/" && aws_iam_role.job[0].permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "Expected the path and the boundary as given."
  }
}

run "a_path_without_slashes_is_refused" {
  command = plan
  variables { role_path = "acme" }
  expect_failures = [var.role_path]
}

run "a_boundary_that_is_no_policy_is_refused" {
  command = plan
  variables { permissions_boundary = "boundary" }
  expect_failures = [var.permissions_boundary]
}

run "a_role_may_use_the_connections_of_its_job" {
  command = plan
  variables { connections = ["acme-network", "acme-warehouse"] }

  assert {
    condition     = toset(aws_glue_job.this.connections) == toset(["acme-network", "acme-warehouse"])
    error_message = "Expected the job to run in these networks."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.network[0].policy).Statement : statement.Sid => statement.Resource
      } == {
      ReadConnections = [
        "arn:aws:glue:eu-central-1:123456789012:catalog",
        "arn:aws:glue:eu-central-1:123456789012:connection/acme-network",
        "arn:aws:glue:eu-central-1:123456789012:connection/acme-warehouse",
      ]
      SeeTheNetwork = ["*"]
      CreateNetworkInterfaces = [
        "arn:aws:ec2:eu-central-1:123456789012:network-interface/*",
        "arn:aws:ec2:eu-central-1:123456789012:security-group/*",
        "arn:aws:ec2:eu-central-1:123456789012:subnet/*",
      ]
      DeleteNetworkInterfaces = ["arn:aws:ec2:eu-central-1:123456789012:network-interface/*"]
      TagNetworkInterfaces    = ["arn:aws:ec2:eu-central-1:123456789012:network-interface/*"]
    }
    error_message = "Expected these connections, and network interfaces of this account."
  }
}

run "the_keys_of_different_buckets_may_be_used" {
  command = plan
  variables {
    kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/one"
    kms_key_arns = ["arn:aws:kms:eu-central-1:123456789012:key/one", "arn:aws:kms:eu-central-1:123456789012:key/two"]
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource if statement.Sid == "UseTheKeyOfTheBuckets"
    ] == [["arn:aws:kms:eu-central-1:123456789012:key/one", "arn:aws:kms:eu-central-1:123456789012:key/two"]]
    error_message = "Expected the role to use each key, named once."
  }
}

run "a_run_is_told_of_buckets_that_exist" {
  command = plan
  variables { existing_buckets = { bronze = "acme-landing", silver = "acme-curated" } }

  assert {
    condition     = aws_glue_job.this.default_arguments["--lake_buckets"] == "bronze=acme-landing,silver=acme-curated"
    error_message = "Expected their names, which a run cannot know otherwise."
  }
}

run "a_run_of_usual_buckets_is_told_nothing" {
  command = plan

  assert {
    condition     = !contains(keys(aws_glue_job.this.default_arguments), "--lake_buckets") && aws_glue_job.this.connections == null
    error_message = "Expected a job as it always was."
  }
}

run "a_job_registers_its_own_tables_in_the_catalog" {
  command = apply
  variables {
    table            = "sales_etl"
    reads            = { bronze = ["sales/"] }
    catalog_database = "lake_dev_silver"
  }

  assert {
    condition     = aws_glue_job.this.default_arguments["--catalog_database"] == "lake_dev_silver"
    error_message = "Expected the runs to know the database."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement
      if statement.Sid == "WriteCatalogEntries" || anytrue([for action in statement.Action : startswith(action, "glue:")])
      ] == [{
        Sid    = "WriteCatalogEntries"
        Effect = "Allow"
        Action = ["glue:GetTable", "glue:CreateTable", "glue:UpdateTable"]
        Resource = [
          "arn:aws:glue:eu-central-1:123456789012:catalog",
          "arn:aws:glue:eu-central-1:123456789012:database/lake_dev_silver",
          "arn:aws:glue:eu-central-1:123456789012:table/lake_dev_silver/sales_etl",
          "arn:aws:glue:eu-central-1:123456789012:table/lake_dev_silver/sales_etl_quarantine",
        ]
    }]
    error_message = "Expected the job's own table and quarantine, and no other right to the catalogue."
  }
}

run "a_job_without_reads_registers_any_table_of_the_database" {
  command = apply
  variables { catalog_database = "lake_dev_silver" }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource
      if statement.Sid == "WriteCatalogEntries"
      ] == [[
        "arn:aws:glue:eu-central-1:123456789012:catalog",
        "arn:aws:glue:eu-central-1:123456789012:database/lake_dev_silver",
        "arn:aws:glue:eu-central-1:123456789012:table/lake_dev_silver/*",
    ]]
    error_message = "Expected the tables of the database, and of no other one."
  }
}

run "without_a_database_nothing_is_registered" {
  command = plan

  assert {
    condition = (
      !contains(keys(aws_glue_job.this.default_arguments), "--catalog_database")
      && !strcontains(aws_iam_role_policy.job[0].policy, "glue:")
    )
    error_message = "Expected no argument and no right for a catalogue that is not there."
  }
}

run "a_database_does_not_reach_a_role_that_exists" {
  command = plan
  variables {
    role_arn         = "arn:aws:iam::123456789012:role/acme/glue"
    catalog_database = "lake_dev_silver"
  }

  assert {
    condition     = aws_glue_job.this.default_arguments["--catalog_database"] == "lake_dev_silver" && length(aws_iam_role_policy.job) == 0
    error_message = "Expected the runs to know the database, and the role to stay as it is."
  }
}

run "a_database_with_a_wildcard_is_refused" {
  command = plan
  variables { catalog_database = "lake_*" }
  expect_failures = [var.catalog_database]
}

run "a_database_as_an_argument_is_refused" {
  command = plan
  variables { arguments = { "--catalog_database" = "lake_dev_silver" } }
  expect_failures = [var.arguments]
}

run "a_prefix_has_blanks_and_a_job_may_read_a_whole_bucket" {
  command = plan
  variables {
    table = "sales_etl"
    reads = { bronze = ["My Sales/daily sales/"], gold = [""] }
  }

  assert {
    condition = toset([
      for statement in jsondecode(aws_iam_role_policy.job[0].policy).Statement : statement.Resource if statement.Sid == "ReadSourcesAndArtifacts"
      ][0]) == toset([
      "arn:aws:s3:::lake-dev-bronze/My Sales/daily sales", "arn:aws:s3:::lake-dev-bronze/My Sales/daily sales_$folder$",
      "arn:aws:s3:::lake-dev-bronze/My Sales/daily sales/*", "arn:aws:s3:::lake-dev-gold/*",
      "arn:aws:s3:::lake-dev-artifacts/scripts/sales_etl.py", "arn:aws:s3:::lake-dev-artifacts/runtime/glue_runtime.zip",
      "arn:aws:s3:::lake-dev-artifacts/manifests/sales-etl-dev/*",
    ])
    error_message = "Expected the folder with blanks, all of gold, and the job's code."
  }
}
