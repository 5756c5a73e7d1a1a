import type { Setting } from "./setting.ts";

/** What a field of a body may be. */
export type FieldKind =
  | "row id"
  | "row id in text"
  | "text"
  | "any text"
  | "object"
  | "choice"
  | "time"
  | "moment"
  | "own id"
  | "ids"
  | "texts"
  | "flag";

export interface Field {
  readonly kind: FieldKind;
  /** JSON that is taken. */
  readonly good: string;
  /** Null and nothing at all are taken as well. */
  readonly optional?: boolean;
}

/** One method of one path of one function. */
export interface Target {
  /** The name that the function is exported under. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly letsIn: "module" | "operator" | "web application" | "anyone";
  /** The fields of a JSON body, where it reads one. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** No field is needed: an object of whatever else changes nothing, and is taken. */
  readonly takesAnyObject?: boolean;
}

/** Every declared route, with good values to start from: one that is missing here fails the tests. */
export function targetsOf({ source, sourceName, company, task, measurement }: Setting): Target[] {
  const rowId = (id: number, optional = false): Field => ({ kind: "row id", good: String(id), optional });
  const text = (good: string, optional = false): Field => ({
    kind: "text",
    good: JSON.stringify(good),
    optional,
  });
  const measurementFields = {
    source_module_id: rowId(source),
    type: { kind: "choice", good: '"int"' },
    measurement_name: text("stars"),
    parent_measurement_id: { kind: "row id", good: "null", optional: true },
  } as const;
  const change = {
    source_module_id: { kind: "row id", good: String(source) },
    type: { kind: "choice", good: '"int"' },
    measurement_name: text("stars"),
    parent_measurement_id: { kind: "row id", good: "null", optional: true },
  } as const;
  const one = `/source-measurement/${measurement}`;
  const endpoint = encodeURIComponent("http://127.0.0.1:9/");
  return [
    {
      name: "feedRawData",
      method: "POST",
      path: "/feed-raw-data",
      letsIn: "module",
      fields: {
        source_name: { kind: "any text", good: JSON.stringify(sourceName) },
        company_id: { kind: "own id", good: JSON.stringify(String(company)) },
        raw_data: { kind: "object", good: '{"stars": 1}' },
        observed_at: { kind: "time", good: '"2024-05-01T10:00:00Z"', optional: true },
      },
    },
    {
      name: "crawlingFinished",
      method: "POST",
      path: "/crawling-finished",
      letsIn: "module",
      fields: { task_id: rowId(task), errors: { kind: "object", good: "{}", optional: true } },
    },
    {
      name: "newCompany",
      method: "POST",
      path: "/new-company",
      letsIn: "module",
      fields: {
        id: { kind: "own id", good: "1" },
        company_name: text("Attacked"),
        description: text("a company", true),
        added_by: { kind: "row id", good: "1", optional: true },
      },
    },
    {
      name: "sourceMeasurement",
      method: "POST",
      path: "/source-measurement",
      letsIn: "module",
      fields: measurementFields,
    },
    {
      name: "sourceMeasurement",
      method: "PUT",
      path: one,
      letsIn: "module",
      fields: change,
      takesAnyObject: true,
    },
    { name: "sourceMeasurement", method: "GET", path: "/source-measurement", letsIn: "module" },
    { name: "sourceMeasurement", method: "GET", path: one, letsIn: "module" },
    { name: "sourceMeasurement", method: "DELETE", path: one, letsIn: "module" },
    {
      name: "crmCompanies",
      method: "POST",
      path: "/crm-companies",
      letsIn: "web application",
      fields: { user_id: { kind: "row id in text", good: "1" } },
    },
    {
      name: "handshake",
      method: "GET",
      path: `/handshake?invocation_endpoint=${endpoint}&data_source_id=${source}`,
      letsIn: "web application",
    },
    { name: "schedule", method: "GET", path: "/schedule", letsIn: "web application" },
    { name: "schedule", method: "POST", path: "/schedule", letsIn: "web application" },
    { name: "notificationRules", method: "GET", path: "/notification-rules", letsIn: "anyone" },
    { name: "unsubscribe", method: "GET", path: "/unsubscribe?token=x", letsIn: "anyone" },
    { name: "unsubscribe", method: "POST", path: "/unsubscribe?token=x", letsIn: "anyone" },
    { name: "health", method: "GET", path: "/health/live", letsIn: "anyone" },
    { name: "health", method: "GET", path: "/health/ready", letsIn: "anyone" },
    { name: "weeklyReportsNow", method: "GET", path: "/weekly-reports", letsIn: "operator" },
    ...opsTargets(),
  ];
}

/** What operators do, to what is not there. */
function opsTargets(): Target[] {
  const source: Field = { kind: "text", good: '"nobody"' };
  const id: Field = { kind: "row id in text", good: "2000000000" };
  const time = (good: string): Field => ({ kind: "moment", good });
  const shown = ["status", "runs", "failed", "backfills", "backfill?id=1", "erase?id=1"];
  const done: Record<string, Record<string, Field>> = {
    pause: { source, reason: { kind: "text", good: '"why"' } },
    resume: { source },
    retry: {
      source: { ...source, optional: true },
      reason: { kind: "text", good: '"nothing"', optional: true },
      since: { ...time('"2024-01-01"'), optional: true },
      ids: { kind: "texts", good: '["no-such-document"]', optional: true },
      all: { kind: "flag", good: "false", optional: true },
    },
    "cancel-task": { task: id },
    "cancel-backfill": { id },
    backfill: {
      source,
      mode: { kind: "choice", good: '"PROCESS"' },
      from: time('"2024-01-01"'),
      to: time('"2024-02-01"'),
      companies: { kind: "ids", good: "[2000000000]", optional: true },
      all: { kind: "flag", good: "false", optional: true },
    },
    erase: { kind: { kind: "choice", good: '"company"' }, id },
  };
  return [
    ...shown.map(
      (path): Target => ({ name: "ops", method: "GET", path: `/ops/${path}`, letsIn: "operator" }),
    ),
    ...Object.entries(done).map(
      ([path, fields]): Target => ({
        name: "ops",
        method: "POST",
        path: `/ops/${path}`,
        letsIn: "operator",
        fields,
      }),
    ),
  ];
}

/** A body of good fields, one of them replaced by other JSON, or left out. */
export function bodyOf(
  fields: Readonly<Record<string, Field>>,
  changed: Readonly<Record<string, string | undefined>> = {},
): string {
  const entries = Object.entries(fields).flatMap(([name, { good }]) => {
    const json = Object.hasOwn(changed, name) ? changed[name] : good;
    return json === undefined ? [] : [`${JSON.stringify(name)}: ${json}`];
  });
  return `{${entries.join(", ")}}`;
}
