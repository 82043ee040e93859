# Owned by the gluecast template: an update rewrites this file and merges local edits into it.
#
# A dashboard is limited to 2500 metrics. Each job needs three, so the graphs show the first 800 jobs, 50 per
# graph. The tables below them are queries over the logs and cover all jobs.

locals {
  drawn  = slice(local.jobs, 0, min(length(local.jobs), 800))
  groups = chunklist(local.drawn, 50)
  hidden = length(local.jobs) - length(local.drawn)

  machine_arn = "arn:${module.account.partition}:states:${module.account.place}:stateMachine:"

  alarm_arns = concat(
    [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn],
    [for alarm in aws_cloudwatch_metric_alarm.dead_letters : alarm.arn],
  )

  graphs = flatten([
    for jobs in local.groups : [
      {
        title = "Failed and timed-out executions: ${jobs[0]} to ${reverse(jobs)[0]}"
        metrics = flatten([
          for job in jobs : [
            for metric in ["ExecutionsFailed", "ExecutionsTimedOut"] :
            { of = ["AWS/States", metric, "StateMachineArn", "${local.machine_arn}${job}"], label = job }
          ]
        ])
        stat = "Sum"
      },
      {
        title   = "Dead letters: ${jobs[0]} to ${reverse(jobs)[0]}"
        metrics = [for job in jobs : { of = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${job}-dead-letters"], label = job }]
        stat    = "Maximum"
      },
    ]
  ])

  tables = concat(
    [
      for title in ["failed runs and their reason", "files processed by job and day", "quarantined rows", "lag from upload to output", "slowest files"] :
      { title = title, query = "SOURCE '${var.log_group}' | ${local.run_queries[title]}" }
    ],
    [
      for title in ["files without a completed run"] :
      { title = title, query = "SOURCE '${local.executions.name}' | ${local.execution_queries[title]}" }
    ],
  )

  first_row = 5
  widgets = concat(
    [{
      type       = "text", x = 0, y = 0, width = 24, height = 2
      properties = { markdown = "# ${local.name}\n${length(local.jobs)} jobs${local.hidden > 0 ? "; graphs show the first ${length(local.drawn)}" : ""}" }
    }],
    [
      for arns in chunklist(slice(local.alarm_arns, 0, min(length(local.alarm_arns), 100)), 100) :
      { type = "alarm", x = 0, y = 2, width = 24, height = 3, properties = { title = "Alarms", alarms = arns } }
    ],
    [
      for number, graph in local.graphs : {
        type   = "metric"
        x      = number % 2 * 12
        y      = local.first_row + floor(number / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = module.account.region
          stat    = graph.stat
          period  = 300
          metrics = [for metric in graph.metrics : concat(metric.of, [{ label = metric.label }])]
        }
      }
    ],
    [
      for number, table in local.tables : {
        type   = "log"
        x      = number % 2 * 12
        y      = local.first_row + length(local.groups) * 6 + floor(number / 2) * 6
        width  = 12
        height = 6
        properties = {
          title  = table.title
          region = module.account.region
          view   = "table"
          query  = trimspace(table.query)
        }
      }
    ],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
