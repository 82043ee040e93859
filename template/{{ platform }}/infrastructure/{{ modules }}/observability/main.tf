# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Logs, alarms and a dashboard for the operator of an environment:
#
#     queries.tf     saved queries over the logs
#     executions.tf  a log of every execution of the state machines, including runs that were killed
#     alarms.tf      a few alarms for all jobs together, and the SNS topic that they are sent to
#     dashboard.tf   one dashboard for the environment
#
# Monthly cost, at the list prices of 2026 in us-east-1: 1.40 USD for alarms and metrics, 1 USD for the key of
# the topic, 3 USD for the dashboard (the first three of an account are free), and 0.10 USD per job for the
# alarm of its dead-letter queue, which dead_letter_alarms turns on or off.

module "account" {
  source = "../account"
}

locals {
  prefix    = var.name_prefix == "" ? "" : "${var.name_prefix}-"
  name      = "${var.lake_prefix}-${var.environment}"
  namespace = local.name

  # sales-etl-prod is the name of a Glue job and of its state machine, and the names of its queues start with it.
  jobs = sort([for arn in values(var.glue_job_arns) : split("job/", arn)[1]])
}
