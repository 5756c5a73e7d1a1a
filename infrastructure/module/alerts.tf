# One log-based metric and one policy for each alert. Events and fields are those of the functions' log
# (functions/src/platform/logEvents.ts); docs/operations.md has a runbook for each under the same name.
locals {
  # Told as soon as one such line is written.
  event_alerts = {
    tick-failed = {
      event  = "tick"
      filter = "jsonPayload.failed>0"
      title  = "Scheduled tasks could not be started"
    }
    task-failed = {
      event  = "task_ended"
      filter = "jsonPayload.state=\"FAILED\""
      title  = "A scheduled task failed"
    }
    source-down = {
      event  = "source_down"
      filter = ""
      title  = "A data source is down"
    }
    document-failed = {
      event  = "document_failed"
      filter = ""
      title  = "A raw document could not be normalized"
    }
    backfill-document-failed = {
      event  = "document_processed_again"
      filter = "jsonPayload.state=\"FAILED\""
      title  = "A raw document of a backfill failed"
    }
    data-problem = {
      event  = "document_analyzed"
      filter = "jsonPayload.state=\"DATA_PROBLEM\""
      title  = "A module's answer looks broken"
    }
    delivery-failed = {
      event  = "delivery_attempted"
      filter = "jsonPayload.state=(\"FAILED\" OR \"UNKNOWN\")"
      title  = "A message was not delivered, or may not have been"
    }
    job-failed = {
      event  = "job_ended"
      filter = "jsonPayload.state=\"FAILED\""
      title  = "A scheduled function failed"
    }
    data-check-failed = {
      event  = "data_check_failed"
      filter = ""
      title  = "A data check fails"
    }
    data-check-broken = {
      event  = "data_check_broken"
      filter = ""
      title  = "A data check does not work"
    }
    not-ready = {
      event  = "not_ready"
      filter = ""
      title  = "A health check failed"
    }
  }

  # Told when no such line is written for a time. Cloud Monitoring looks back 23.5 hours at most.
  silence_alerts = {
    tick-missing = {
      event   = "tick"
      filter  = ""
      seconds = 3900
      title   = "No tick for an hour"
    }
    sweep-missing = {
      event   = "job_ended"
      filter  = "jsonPayload.job=\"sweep\""
      seconds = 900
      title   = "No sweep for 15 minutes"
    }
    data-checks-missing = {
      event   = "job_ended"
      filter  = "jsonPayload.job=\"checkData\""
      seconds = 7500
      title   = "No data checks for two hours"
    }
    documents-missing = {
      event   = "document_stored"
      filter  = ""
      seconds = 84600
      title   = "No raw document for a day"
    }
  }

  functions_log = "resource.type=\"cloud_run_revision\""
  runbooks      = "https://github.com/${var.github_repository}/blob/main/docs/operations.md"
}

resource "google_monitoring_notification_channel" "operators" {
  project      = var.project
  display_name = "Operators of Parma Analytics"
  type         = "email"
  labels       = { email_address = var.operator_email }

  depends_on = [google_project_service.api]
}

resource "google_logging_metric" "alert" {
  for_each = merge(local.event_alerts, local.silence_alerts)

  project = var.project
  name    = "parma/${each.key}"
  filter = join(" AND ", compact([
    local.functions_log,
    "jsonPayload.event=\"${each.value.event}\"",
    each.value.filter,
  ]))

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "event" {
  for_each = local.event_alerts

  project               = var.project
  display_name          = "Parma ${var.stage}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.alert[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    # One incident for what goes on, and not one for each line.
    auto_close = "3600s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "[Runbook](${local.runbooks}#${each.key})"
  }
}

resource "google_monitoring_alert_policy" "silence" {
  for_each = local.silence_alerts

  project               = var.project
  display_name          = "Parma ${var.stage}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = each.value.title

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.alert[each.key].name}\""
      duration = "${each.value.seconds}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "[Runbook](${local.runbooks}#${each.key})"
  }
}

# A job that Cloud Scheduler could not start says nothing in the functions' log. This covers the daily and the weekly
# job too, whose silence is longer than Cloud Monitoring looks back.
resource "google_logging_metric" "job_not_started" {
  project = var.project
  name    = "parma/job-not-started"
  filter  = "resource.type=\"cloud_scheduler_job\" AND severity>=ERROR"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "job_not_started" {
  project               = var.project
  display_name          = "Parma ${var.stage}: Cloud Scheduler could not run a job"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = "Cloud Scheduler could not run a job"

    condition_threshold {
      filter          = "resource.type=\"cloud_scheduler_job\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.job_not_started.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "[Runbook](${local.runbooks}#job-not-started)"
  }
}

# A source whose calls fail one after the other opens its breaker; this is for one that fails half of the time.
resource "google_logging_metric" "call" {
  for_each = {
    calls        = ""
    failed-calls = " AND jsonPayload.state=\"FAILED\""
  }

  project = var.project
  name    = "parma/${each.key}"
  filter  = "${local.functions_log} AND jsonPayload.event=\"call_ended\"${each.value}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key        = "source"
      value_type = "STRING"
    }
  }

  label_extractors = {
    source = "EXTRACT(jsonPayload.source)"
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "calls_failing" {
  project               = var.project
  display_name          = "Parma ${var.stage}: A third of a source's calls fail"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = "A third of a source's calls fail"

    condition_threshold {
      filter             = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.call["failed-calls"].name}\""
      denominator_filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.call["calls"].name}\""
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.33
      duration           = "0s"

      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.source"]
      }

      denominator_aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.source"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "[Runbook](${local.runbooks}#calls-failing)"
  }
}

# What only Google Cloud sees: a database that fills up or runs out of connections.
resource "google_monitoring_alert_policy" "database_connections" {
  project               = var.project
  display_name          = "Parma ${var.stage}: The database is running out of connections"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = "More than 80% of max_connections"

    condition_threshold {
      filter          = "resource.type=\"cloudsql_database\" AND resource.label.database_id=\"${var.project}:${google_sql_database_instance.parma.name}\" AND metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\""
      comparison      = "COMPARISON_GT"
      threshold_value = floor(var.database_max_connections * 0.8)
      duration        = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MAX"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "[Runbook](${local.runbooks}#database-connections)"
  }
}
