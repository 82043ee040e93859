# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# What an operator of an environment looks at and is woken by:
#
#     queries.tf     saved queries over the logs
#     executions.tf  a log of every execution of the machines, runs that were killed included
#     alarms.tf      a few alarms for all jobs together, and the topic they are sent to
#     dashboard.tf   one page of the environment
#
# Its price each month, by the list prices of 2026 in us-east-1: 1.40 USD for alarms and metrics,
# 1 USD for the key of the topic, 3 USD for the dashboard (an account's first three are free), and 0.10
# USD for the dead-letter queue of each job, which dead_letter_alarms switches.

module "account" {
  source = "../account"
}

locals {
  name      = "${var.lake_prefix}-${var.environment}"
  namespace = local.name

  # sales-etl-prod: the name of a Glue job and of its machine; the names of the queues begin with it.
  jobs = sort([for arn in values(var.glue_job_arns) : split("job/", arn)[1]])
}
