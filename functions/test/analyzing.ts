import { z } from "zod";
import { unpackState } from "../src/domain/detector/packedState.ts";
import { companyMeasurements } from "../src/domain/extraction/companyMeasurements.ts";
import { insertValues } from "../src/domain/extraction/insertValues.ts";
import type { StoredValue } from "../src/domain/extraction/value.ts";
import { findingFacts } from "../src/domain/finding/finding.ts";
import {
  type Database,
  selectRow,
  selectRows,
  type TransactionalDatabase,
} from "../src/platform/postgres.ts";
import { type AnalyzeContext, analyzeBatch } from "../src/stages/analyze/analyzeBatch.ts";
import { recordedQueue } from "./recordedQueue.ts";
import { insertCompany, insertSource } from "./rows.ts";

export const NOW = new Date("2024-06-01T12:00:00Z");

/** A measurement in short: its type, and the list that it is in. */
type Short = readonly [type: string, list?: string];

/** A value in short, with its item. */
export type ShortValue = readonly [
  measurement: string,
  value: number | string | boolean | Date,
  item?: string,
];

/** A day of May 2024. */
export function may(day: number): Date {
  return new Date(Date.UTC(2024, 4, day));
}

/** A company at a source, whose documents are written as stage 4 does. */
export async function observedCompany(
  db: TransactionalDatabase,
  measurements: Readonly<Record<string, Short>>,
  {
    sourceName = "github",
    companyName = "Personio",
    companyId: known,
  }: { sourceName?: string; companyName?: string; companyId?: number } = {},
) {
  const sourceId = await insertSource(db, { name: sourceName });
  const companyId = known ?? (await insertCompany(db, companyName));
  const ids = new Map<string, number>();
  // A list comes before what is in it.
  for (const [name, [type, list]] of Object.entries(measurements)) {
    ids.set(
      name,
      await insertMeasurement(db, { sourceId, name, type, parentId: ids.get(list ?? "") ?? null }),
    );
  }
  let documents = 0;

  /** Writes a document's values. @returns its id */
  async function observe(
    observedAt: Date,
    values: readonly ShortValue[],
    { taskId = null }: { taskId?: number | null } = {},
  ): Promise<string> {
    documents += 1;
    const id = `document-${sourceId}-${documents}`;
    await db.query(
      `insert into pipeline.raw_document
         (id, path, data_source_id, company_id, observed_at, received_at, map_version, state, value_count, state_since,
          task_id)
       values ($1, $1, $2, $3, $4, $4, 1, 'NORMALIZED', $5, $4, $6)`,
      [id, sourceId, companyId, observedAt, values.length, taskId],
    );
    const series = await companyMeasurements(db, { sourceId, companyId }, [...ids.values()]);
    const points = values.map(([name, value, item = ""]) => {
      const measurementId = ids.get(name) ?? 0;
      return {
        measurementId,
        companyMeasurementId: series.get(measurementId) ?? 0,
        itemKey: item,
        path: name,
        stored: storedValue(measurements[name]?.[0] ?? "", value),
      };
    });
    await insertValues(db, { rawDocumentId: id, observedAt, values: points }, observedAt);
    return id;
  }

  return {
    sourceId,
    companyId,
    measurementId: (name: string) => ids.get(name) ?? 0,
    observe,
    rule: (name: string, row: RuleRow) => insertRule(db, ids.get(name) ?? 0, row),
  };
}

function storedValue(type: string, value: ShortValue[1]): StoredValue {
  if (typeof value === "boolean") return { table: "bool", value };
  if (value instanceof Date) return { table: "date", value };
  if (typeof value === "string") {
    const table =
      (["paragraph", "comment", "link", "image"] as const).find((name) => name === type) ?? "text";
    return { table, value };
  }
  if (type === "float") return { table: "float", value };
  return value > 2 ** 31 ? { table: "bigint", value: BigInt(value) } : { table: "int", value };
}

async function insertMeasurement(
  db: Database,
  {
    sourceId,
    name,
    type,
    parentId,
  }: { sourceId: number; name: string; type: string; parentId: number | null },
): Promise<number> {
  return idOf(
    await selectRow(
      db,
      idRow,
      `insert into source_measurement
         (source_module_id, type, measurement_name, parent_measurement_id, is_canonical, modified_at)
       values ($1, $2, $3, $4, true, now()) returning id`,
      [sourceId, type, name, parentId],
    ),
  );
}

export interface RuleRow {
  readonly threshold: number;
  readonly method?: string | null;
  readonly entries?: number | null;
  readonly name?: string;
  readonly message?: string;
}

async function insertRule(db: Database, measurementId: number, rule: RuleRow): Promise<number> {
  return idOf(
    await selectRow(
      db,
      idRow,
      `insert into notification_rules
         (rule_name, source_measurement_id, threshold, aggregation_method, num_aggregation_entries,
          notification_message, modified_at)
       values ($1, $2, $3, $4, $5, $6, now()) returning rule_id as id`,
      [
        rule.name ?? "a rule",
        measurementId,
        rule.threshold,
        rule.method ?? null,
        rule.entries ?? null,
        rule.message ?? null,
      ],
    ),
  );
}

const idRow = z.object({ id: z.int() });

function idOf(row: z.output<typeof idRow> | undefined): number {
  if (row === undefined) throw new Error("The insert returned no row");
  return row.id;
}

/** Runs stage 5 for a document. @returns what it enqueued */
export async function analyze(
  db: TransactionalDatabase,
  documentId: string,
  changed: Partial<AnalyzeContext> = {},
) {
  const queue = recordedQueue();
  await analyzeBatch(
    {
      db,
      enqueue: queue.enqueue,
      settings: { detector: { falseAlarmRate: 0.001 }, spacingMs: 0 },
      improvesNews: false,
      now: NOW,
      ...changed,
    },
    documentId,
  );
  return queue;
}

const newsRow = z.object({
  title: z.string(),
  message: z.string(),
  triggerFactor: z.string(),
  timestamp: z.date(),
  detector: z.string(),
  severity: z.string(),
  itemKey: z.string(),
  facts: findingFacts,
});

/** All news with their findings, in the order of time. */
export function newsOf(db: Database) {
  return selectRows(
    db,
    newsRow,
    `select title, message, trigger_factor, "timestamp", detector, severity, item_key, facts
       from news join pipeline.finding on finding.news_id = news.id
      order by "timestamp", detector, item_key, news.id`,
  );
}

const knownRow = z.object({ name: z.string(), subject: z.string(), state: z.instanceof(Buffer) });

/** How many points the detector knows of each series, by subject and measurement; none where it is to learn it anew. */
export async function pointsKnown(db: Database) {
  const rows = await selectRows(
    db,
    knownRow,
    `select measurement_name as name, subject, state
       from pipeline.detector_state
       join company_source_measurement using (company_measurement_id)
       join source_measurement measurement on measurement.id = source_measurement_id
      order by subject, measurement.id, item_key`,
  );
  return rows.map(({ name, subject, state }) => ({ name, subject, points: unpackState(state)?.count }));
}
