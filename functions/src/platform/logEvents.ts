/**
 * The events that are counted: one log line for each finished unit of work, with the name as `event`. Metrics and alerts
 * refer to these names, so they must not change.
 */
export const LOG_EVENTS = {
  tick: "Scheduled tasks were planned and started",
  task_started: "A scheduled task was started",
  page_opened: "A page of a task's companies was opened",
  task_ended: "A scheduled task ended",
  call_ended: "A mining call ended",
  call_retried: "A mining call will be tried again",
  call_waits: "A module asked to be called later",
  source_down: "A data source is down: its calls wait for a probe to pass",
  source_up: "A data source is up again",
  crm_imported: "The companies of the CRMs were imported",
  document_stored: "A raw document was stored",
  document_normalized: "A raw document was normalized",
  document_failed: "A raw document could not be normalized",
  document_processed_again: "A raw document of a backfill was processed again",
  document_analyzed: "A raw document was analyzed",
  delivery_attempted: "A delivery was attempted",
  retry_later: "A task came too early, or has to come again",
  job_ended: "A job ended",
  operated: "An operator changed something",
  data_check_failed: "A data check fails, or pauses other sources",
  data_check_broken: "A data check does not work",
  data_check_recovered: "A data check passes again",
  erased: "A company or a user was erased",
  not_ready: "A check of the health failed",
} as const;

export type LogEvent = keyof typeof LOG_EVENTS;
