import { z } from "zod";
import type { Database } from "../src/platform/postgres.ts";
import { selectRow } from "../src/platform/postgres.ts";

/** Rows as the web application writes them, for tests to start from. */

interface SourceRow {
  readonly name?: string;
  readonly frequency?: "HOURLY" | "DAILY" | "WEEKLY" | "MONTHLY";
  readonly isActive?: boolean;
  readonly endpoint?: string;
  readonly additionalParams?: unknown;
  readonly maxRunSeconds?: number;
  readonly createdAt?: Date;
}

export function insertSource(db: Database, row: SourceRow = {}): Promise<number> {
  return insertedId(
    db,
    `insert into data_source
       (source_name, is_active, frequency, health_status, invocation_endpoint, additional_params, max_run_seconds,
        created_at, modified_at)
     values ($1, $2, $3, 'UP', $4, $5, $6, $7, $7) returning id`,
    [
      row.name ?? "a-source",
      row.isActive ?? true,
      row.frequency ?? "DAILY",
      row.endpoint ?? "http://127.0.0.1:9/",
      row.additionalParams === undefined ? null : JSON.stringify(row.additionalParams),
      row.maxRunSeconds ?? 300,
      row.createdAt ?? new Date(),
    ],
  );
}

/** A trigger links the company to every source that is there. */
export function insertCompany(db: Database, name: string): Promise<number> {
  return insertedId(db, "insert into company (name, modified_at) values ($1, now()) returning id", [name]);
}

export async function insertIdentifier(
  db: Database,
  sourceId: number,
  companyId: number,
  row: {
    property: string;
    value: string;
    type?: "AUTOMATICALLY_DISCOVERED" | "MANUALLY_ADDED";
    validity?: Date;
  },
): Promise<void> {
  await db.query(
    `insert into company_data_source_identifier
       (company_data_source_id, identifier_type, property, value, validity)
     select id, $3, $4, $5, $6 from company_data_source where data_source_id = $1 and company_id = $2`,
    [
      sourceId,
      companyId,
      row.type ?? "MANUALLY_ADDED",
      row.property,
      row.value,
      row.validity ?? new Date("2999-01-01T00:00:00Z"),
    ],
  );
}

interface TaskRow {
  readonly type?: "ON_DEMAND" | "REGULAR";
  readonly status?: "PENDING" | "PROCESSING" | "SUCCESS" | "FAILED";
  readonly scheduledAt?: Date;
  readonly startedAt?: Date;
  readonly attempts?: number;
  readonly maxRunSeconds?: number;
}

export function insertTask(db: Database, sourceId: number, row: TaskRow = {}): Promise<number> {
  return insertedId(
    db,
    `insert into scheduled_task
       (data_source_id, schedule_type, status, scheduled_at, started_at, attempts, max_run_seconds)
     values ($1, $2, $3, $4, $5, $6, $7) returning task_id as id`,
    [
      sourceId,
      row.type ?? "ON_DEMAND",
      row.status ?? "PENDING",
      row.scheduledAt ?? new Date(),
      row.startedAt ?? null,
      row.attempts ?? 0,
      row.maxRunSeconds ?? 300,
    ],
  );
}

async function insertedId(db: Database, text: string, values: readonly unknown[]): Promise<number> {
  const row = await selectRow(db, z.object({ id: z.number() }), text, values);
  if (row === undefined) throw new Error("The insert returned no row");
  return row.id;
}
