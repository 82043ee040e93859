# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# Saved queries for CloudWatch Logs Insights. They cost nothing until somebody runs them.

locals {
  # Queries over the logs of the runs.
  run_queries = {
    "event-triggered jobs" = <<-EOT
      fields @timestamp, job_name, source_object_key, event
      | filter trigger_type = "s3_event"
      | filter event = "job_started"
      | sort @timestamp desc
    EOT

    "scheduled jobs" = <<-EOT
      fields @timestamp, job_name, event
      | filter trigger_type = "scheduled"
      | filter event = "job_started"
      | sort @timestamp desc
    EOT

    "completed runs by trigger and hour" = <<-EOT
      fields @timestamp, trigger_type
      | filter event = "job_completed_successfully"
      | stats count() by trigger_type, bin(1h)
    EOT

    "failed runs and their reason" = <<-EOT
      fields @timestamp, job_name, trigger_type, source_object_key, error_type, error, job_run_id
      | filter event = "job_failed"
      | sort @timestamp desc
    EOT

    "files processed by job and day" = <<-EOT
      filter event = "job_completed_successfully" and trigger_type = "s3_event"
      | stats count_distinct(source_object_key) as files, count() as runs by job_name, bin(1d) as day
      | sort day desc, job_name asc
    EOT

    "quarantined rows" = <<-EOT
      fields @timestamp, job_name, source_object_key, rows_quarantined, rows_read, files_quarantined, output
      | filter event = "data_written" and (rows_quarantined > 0 or files_quarantined > 0)
      | sort @timestamp desc
    EOT

    "lag from upload to output" = <<-EOT
      filter event = "job_completed_successfully" and ispresent(lag_seconds)
      | stats max(lag_seconds) as longest, avg(lag_seconds) as mean, count() as files by job_name, bin(1d) as day
      | sort longest desc
    EOT

    "slowest files" = <<-EOT
      fields duration_seconds, job_name, source_object_key, job_run_id
      | filter event = "job_completed_successfully" and trigger_type = "s3_event"
      | sort duration_seconds desc
      | limit 50
    EOT
  }

  # Queries over the executions of the state machines, which include runs that could not log their end.
  execution_queries = {
    "files without a completed run" = <<-EOT
      parse detail.input /"key"\s*:\s*"(?<source_object_key>[^"]+)"/
      | filter ispresent(source_object_key)
      | stats latest(detail.status) as last_status, latest(detail.name) as execution, max(@timestamp) as last_seen by source_object_key
      | filter last_status != "SUCCEEDED"
      | sort last_seen desc
    EOT

    "failed executions and their reason" = <<-EOT
      fields @timestamp, detail.status, detail.stateMachineArn, detail.name, detail.error, detail.cause, detail.input
      | filter detail.status in ["FAILED", "TIMED_OUT", "ABORTED"]
      | sort @timestamp desc
    EOT
  }
}

resource "aws_cloudwatch_query_definition" "runs" {
  for_each = local.run_queries

  name            = "${local.name}/${each.key}"
  log_group_names = [var.log_group]
  query_string    = trimspace(each.value)
}

resource "aws_cloudwatch_query_definition" "executions" {
  for_each = local.execution_queries

  name            = "${local.name}/${each.key}"
  log_group_names = [local.executions.name]
  query_string    = trimspace(each.value)
}
