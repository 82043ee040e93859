# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# The records of what became of each file, as one table. Runs write each record to a file of its own, below the name of
# the job and the day on which the run began; the table finds them by these names, with no partition to load.

locals {
  # The columns of a record, in the words of the Data Catalog, and what they mean. The runtime's load_history.py writes
  # records, and docs/querying.md explains them.
  record_columns = {
    run_id           = ["string", "The Glue run"]
    trigger_type     = ["string", "s3_event or scheduled"]
    state            = ["string", "began or ended; a run without an end was killed, or goes on"]
    began_at         = ["timestamp", "When the run began, in UTC, as all times"]
    ended_at         = ["timestamp", "When the run ended"]
    duration_seconds = ["double", "How long the run has taken until this record"]
    source_object    = ["string", "The file, as in the table of the job; null for a run as a whole"]
    status           = ["string", "loaded, quarantined, gone, failed or nothing_new; null when the run begins"]
    reason           = ["string", "Why the file was not loaded"]
    version          = ["string", "Which content of the file was loaded"]
    uploaded_at      = ["timestamp", "When the file was uploaded"]
    committed_at     = ["timestamp", "When its rows were in the table"]
    bytes            = ["bigint", "The size of the file"]
    rows_read        = ["bigint", "The rows of the file; null if the run has read several files"]
    rows_written     = ["bigint", "Its rows in the table; null if rows of the result belong to no single file"]
    rows_quarantined = ["bigint", "Its rows in the quarantine"]
  }
}

resource "aws_glue_catalog_table" "load_history" {
  name          = "load_history"
  database_name = local.database
  description   = "What became of each file, in each run of a job."
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL                    = "TRUE"
    classification              = "json"
    "projection.enabled"        = "true"
    "projection.job.type"       = "enum"
    "projection.job.values"     = length(local.jobs) == 0 ? "none" : join(",", sort(keys(local.jobs)))
    "projection.day.type"       = "date"
    "projection.day.format"     = "yyyy-MM-dd"
    "projection.day.range"      = "2024-01-01,NOW+1DAY"
    "storage.location.template" = "${local.load_history}/$${job}/$${day}"
  }

  partition_keys {
    name    = "job"
    type    = "string"
    comment = "The job"
  }

  partition_keys {
    name    = "day"
    type    = "string"
    comment = "The day on which the run began, in UTC: 2024-01-15"
  }

  storage_descriptor {
    location      = local.load_history
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
    }

    dynamic "columns" {
      for_each = local.record_columns

      content {
        name    = columns.key
        type    = columns.value[0]
        comment = columns.value[1]
      }
    }
  }
}
