import { logger } from "firebase-functions/logger";
import { errorStack } from "./errorText.ts";
import { currentLogIds, type LogIds, type LogValue } from "./logContext.ts";
import { LOG_EVENTS, type LogEvent } from "./logEvents.ts";
import { redact } from "./redact.ts";

/** Logs that a unit of work is done, as one structured line that metrics count. */
export function logEvent(event: LogEvent, ids: LogIds = {}): void {
  const fields = { event, ...fieldsOf(ids) };
  const write = WARNING_EVENTS.has(event) ? logger.warn : logger.info;
  const severity = TOLD_TO_OPERATORS.get(event);
  if (severity === undefined) write(LOG_EVENTS[event], fields);
  // Not by logger.error, which adds a stack: this is no error in the code.
  else logger.write({ severity, message: LOG_EVENTS[event], ...fields });
}

const WARNING_EVENTS: ReadonlySet<LogEvent> = new Set(["document_failed", "not_ready"]);
const TOLD_TO_OPERATORS: ReadonlyMap<LogEvent, "ERROR" | "NOTICE"> = new Map([
  ["data_check_failed", "ERROR"],
  ["data_check_broken", "ERROR"],
  ["data_check_recovered", "NOTICE"],
]);

/** Logs something odd that needs no immediate action. */
export function logWarning(message: string, ids: LogIds = {}): void {
  logger.warn(redact(message), fieldsOf(ids));
}

/** Reports an unexpected error once, with its stack and causes, to Error Reporting. */
export function logError(what: string, error: unknown, ids: LogIds = {}): void {
  logger.write({
    severity: "ERROR",
    "@type": "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent",
    serviceContext: {
      service: process.env["K_SERVICE"] ?? process.env["FUNCTION_TARGET"] ?? "parma-analytics",
      version: process.env["K_REVISION"] ?? "local",
    },
    message: errorStack(error),
    what: redact(what),
    ...fieldsOf(ids),
  });
}

const LONGEST_FIELD = 1000;

/** The ids of the line and of the work around it, with the correlation as a label: what Cloud Logging indexes. */
function fieldsOf(ids: LogIds): Record<string, unknown> {
  const { correlation, ...rest } = { ...currentLogIds(), ...ids };
  return {
    ...Object.fromEntries(
      Object.entries(rest).flatMap(([name, value]) => (value == null ? [] : [[name, fieldOf(value)]])),
    ),
    ...(correlation == null
      ? {}
      : { "logging.googleapis.com/labels": { correlation: String(fieldOf(correlation)) } }),
  };
}

function fieldOf(value: LogValue): LogValue {
  return typeof value === "string" ? redact(value).slice(0, LONGEST_FIELD) : value;
}
