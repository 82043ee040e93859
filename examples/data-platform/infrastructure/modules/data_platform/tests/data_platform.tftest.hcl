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
}

variables {
  environment    = "dev"
  lake_prefix    = "data-lake"
  repository     = "./tests/repository"
  glue_version   = "5.1"
  python_modules = ["structlog==26.1.0"]

  python_modules_from = "index"
}

run "every_module_in_src_jobs_is_a_job" {
  command = plan

  assert {
    condition = output.glue_job_arns == {
      catalog         = "arn:aws:glue:eu-central-1:123456789012:job/product-catalog-dev"
      customer_import = "arn:aws:glue:eu-central-1:123456789012:job/customer-import-dev"
      sales_etl       = "arn:aws:glue:eu-central-1:123456789012:job/sales-etl-dev"
    }
    error_message = "Expected every module in src/jobs as a job, under its declared name or else the module's name, with an ARN that the plan knows."
  }

  assert {
    condition     = output.s3_buckets == { bronze = "data-lake-dev-bronze", silver = "data-lake-dev-silver", gold = "data-lake-dev-gold" }
    error_message = "Expected buckets named after data lake, environment and zone."
  }
}

run "every_bucket_is_closed_and_recoverable" {
  command = plan

  assert {
    condition = alltrue([
      for name in keys(aws_s3_bucket.this) :
      aws_s3_bucket_public_access_block.this[name].restrict_public_buckets
      && aws_s3_bucket_versioning.this[name].versioning_configuration[0].status == "Enabled"
      && contains(keys(aws_s3_bucket_policy.this), name)
      && contains(keys(aws_s3_bucket_server_side_encryption_configuration.this), name)
      && contains(keys(aws_s3_bucket_lifecycle_configuration.this), name)
    ])
    error_message = "Expected every bucket to be private, encrypted and versioned, with a policy and lifecycle rules."
  }

  assert {
    condition     = length(aws_s3_bucket_notification.bronze) == 1 && aws_s3_bucket_notification.bronze[0].eventbridge
    error_message = "Expected the bronze bucket to send events to EventBridge."
  }
}

run "a_bucket_of_another_state_keeps_its_notifications" {
  command = plan
  variables { manage_bucket_notifications = false }

  assert {
    condition     = length(aws_s3_bucket_notification.bronze) == 0
    error_message = "Expected no notifications here: a second owner would remove those of the first one."
  }
}

run "a_job_has_the_settings_of_its_file_and_glue_jobs_wins" {
  command = plan
  variables { glue_jobs = { customer_import = { timeout = 90 } } }

  assert {
    condition     = output.glue_job_settings["customer_import"] == { worker_type = "G.2X", number_of_workers = 2, timeout = 90 }
    error_message = "Expected the worker type of the job's file, and the timeout of glue_jobs."
  }

  assert {
    condition     = output.glue_job_settings["sales_etl"] == { worker_type = "G.1X", number_of_workers = 2, timeout = 60 }
    error_message = "Expected the defaults for a job without settings."
  }
}

run "settings_of_a_job_that_does_not_exist_are_refused" {
  command = plan
  variables { glue_jobs = { sales_elt = { timeout = 15 } } }
  expect_failures = [var.glue_jobs]
}

run "a_job_that_would_be_another_one_has_to_declare_its_name" {
  command = plan
  variables { repository = "./tests/undeclared" }
  expect_failures = [aws_s3_object.script]
}

run "a_setting_that_does_not_exist_is_named" {
  command = plan
  variables { repository = "./tests/misspelt" }
  expect_failures = [aws_s3_object.script]
}

run "a_runtime_that_is_not_built_is_named" {
  command = plan
  variables { repository = "./tests" }
  expect_failures = [aws_s3_object.runtime]
}

run "a_name_that_no_bucket_can_have_is_refused" {
  command = plan
  variables { lake_prefix = "Data_Lake" }
  expect_failures = [var.lake_prefix]
}

run "jobs_install_their_packages_from_the_artifacts_bucket" {
  command = plan

  variables {
    glue_version        = "5.1"
    python_modules_from = "artifacts"
  }

  assert {
    condition     = keys(aws_s3_object.wheels) == ["glue-5.1-317056f5fee3.gluewheels.zip", "glue-5.1-3a37ef09dfb2.gluewheels.zip"]
    error_message = "Expected an archive of wheels for the jobs without packages of their own, and one for customer_import."
  }
}

run "a_version_of_glue_needs_wheels_of_its_own" {
  command = plan

  variables {
    glue_version        = "6.0"
    python_modules_from = "artifacts"
  }

  expect_failures = [aws_s3_object.wheels]
}

run "a_prefix_is_in_the_names_of_jobs_and_of_their_group" {
  command = plan
  variables { name_prefix = "mart" }

  assert {
    condition     = endswith(output.glue_job_arns["sales_etl"], ":job/mart-sales-etl-dev") && output.schedule_group == "mart-dev"
    error_message = "Expected the prefix in the names of jobs and of the schedule group."
  }
}

run "a_prefix_of_other_characters_is_refused" {
  command = plan
  variables { name_prefix = "data-mart" }
  expect_failures = [var.name_prefix]
}

run "a_block_that_would_leave_out_the_prefix_is_refused" {
  command = plan
  variables {
    repository  = "./tests/fixed"
    name_prefix = "mart"
  }
  expect_failures = [aws_scheduler_schedule_group.this]
}

run "without_a_prefix_a_block_may_name_its_environment" {
  command = plan
  variables { repository = "./tests/fixed" }
}

run "nothing_of_a_bucket_that_exists_is_made" {
  command = plan
  variables {
    existing_buckets = { bronze = "acme-landing", artifacts = "acme-code" }
    kms_key_arn      = "arn:aws:kms:eu-central-1:123456789012:key/one"
    kms_key_arns     = { bronze = "arn:aws:kms:eu-central-1:123456789012:key/two" }
  }

  assert {
    condition = alltrue([
      for made in [
        aws_s3_bucket.this, aws_s3_bucket_versioning.this, aws_s3_bucket_policy.this, aws_s3_bucket_public_access_block.this,
        aws_s3_bucket_lifecycle_configuration.this, aws_s3_bucket_server_side_encryption_configuration.this,
      ] : toset(keys(made)) == toset(["gold", "silver"])
    ]) && length(aws_s3_bucket_notification.bronze) == 0
    error_message = "Expected settings of silver and gold alone: others own the other buckets, and bronze has notifications of its owner."
  }

  assert {
    condition     = output.s3_buckets == { bronze = "acme-landing", silver = "data-lake-dev-silver", gold = "data-lake-dev-gold" } && output.artifact_bucket == "acme-code"
    error_message = "Expected the names in effect."
  }

  assert {
    condition     = aws_s3_object.script["sales_etl"].bucket == "acme-code" && aws_s3_object.runtime.bucket == "acme-code"
    error_message = "Expected the code in the bucket that exists."
  }

  assert {
    condition = alltrue([
      for zone in ["silver", "gold"] :
      one(one(aws_s3_bucket_server_side_encryption_configuration.this[zone].rule).apply_server_side_encryption_by_default).kms_master_key_id == "arn:aws:kms:eu-central-1:123456789012:key/one"
    ])
    error_message = "Expected the usual key for zones without one of their own."
  }
}

run "notifications_of_a_bucket_that_exists_are_managed_where_it_is_said" {
  command = plan
  variables {
    existing_buckets            = { bronze = "acme-landing" }
    manage_bucket_notifications = true
  }

  assert {
    condition     = one(aws_s3_bucket_notification.bronze[*].bucket) == "acme-landing"
    error_message = "Expected the notifications of the bucket that exists."
  }
}

run "a_bucket_for_two_zones_is_refused" {
  command = plan
  variables { existing_buckets = { bronze = "acme-lake", silver = "acme-lake" } }
  expect_failures = [var.existing_buckets]
}

run "a_bucket_of_an_unknown_zone_is_refused" {
  command = plan
  variables { existing_buckets = { landing = "acme-landing" } }
  expect_failures = [var.existing_buckets]
}

run "an_alias_in_place_of_a_key_is_refused" {
  command = plan
  variables { kms_key_arns = { silver = "arn:aws:kms:eu-central-1:123456789012:alias/curated" } }
  expect_failures = [var.kms_key_arns]
}

run "the_tables_have_a_database_without_hyphens" {
  command = plan
  variables { name_prefix = "mart" }

  assert {
    condition     = one(aws_glue_catalog_database.this[*].name) == "data_lake_dev_silver" && output.catalog_database == "data_lake_dev_silver"
    error_message = "Expected the usual name of the silver bucket with underscores, which a lake_prefix of its own sets apart."
  }

  assert {
    condition     = aws_glue_catalog_database.this[0].description == "Tables and quarantines of the jobs in dev."
    error_message = "Expected a description for those who find the database in Athena."
  }
}

run "what_became_of_each_file_is_a_table" {
  command = plan

  assert {
    condition = (
      aws_glue_catalog_table.load_history.database_name == "data_lake_dev_silver"
      && aws_glue_catalog_table.load_history.storage_descriptor[0].location == "s3://data-lake-dev-silver/_loads"
      && aws_glue_catalog_table.load_history.parameters["storage.location.template"] == "s3://data-lake-dev-silver/_loads/$${job}/$${day}"
      && [for key in aws_glue_catalog_table.load_history.partition_keys : key.name] == ["job", "day"]
    )
    error_message = "Expected the records of the silver bucket, by the names of their folders."
  }

  assert {
    condition     = aws_glue_catalog_table.load_history.parameters["projection.job.values"] == join(",", sort(keys(local.jobs)))
    error_message = "Expected the folders of all jobs, by their deployed names."
  }
}

run "a_database_that_exists_is_named" {
  command = plan
  variables { existing_database = "acme_curated" }

  assert {
    condition     = length(aws_glue_catalog_database.this) == 0 && output.catalog_database == "acme_curated"
    error_message = "Expected no database but the one that exists."
  }
}

run "a_database_without_a_name_is_refused" {
  command = plan
  variables { existing_database = "" }
  expect_failures = [var.existing_database]
}

run "log_groups_that_exist_are_named" {
  command = plan
  variables { existing_log_groups = { jobs = "/acme/glue" } }

  assert {
    condition     = length(aws_cloudwatch_log_group.jobs) == 0 && output.log_group == "/acme/glue/output"
    error_message = "Expected no log groups but those that exist."
  }
}

run "a_vpc_becomes_a_connection" {
  command = plan
  variables {
    vpc         = { subnet_id = "subnet-0abc", security_group_ids = ["sg-0abc"], availability_zone = "eu-central-1a" }
    connections = ["acme-warehouse"]
  }

  assert {
    condition     = aws_glue_connection.vpc[0].name == "data-lake-dev-vpc" && aws_glue_connection.vpc[0].connection_type == "NETWORK"
    error_message = "Expected a connection of the network."
  }

  assert {
    condition = (
      aws_glue_connection.vpc[0].physical_connection_requirements[0].subnet_id == "subnet-0abc"
      && aws_glue_connection.vpc[0].physical_connection_requirements[0].security_group_id_list == toset(["sg-0abc"])
      && aws_glue_connection.vpc[0].physical_connection_requirements[0].availability_zone == "eu-central-1a"
    )
    error_message = "Expected the subnet, its zone and the security groups."
  }

  assert {
    condition     = local.connections == ["data-lake-dev-vpc", "acme-warehouse"]
    error_message = "Expected all jobs to use both connections."
  }
}
