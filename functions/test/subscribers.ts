import { z } from "zod";
import { type Database, selectRow } from "../src/platform/postgres.ts";
import { insertCompany, insertSource } from "./rows.ts";

/** People who follow companies, and what there is to tell them, for tests to start from. */

const idRow = z.object({ id: z.coerce.number() });

async function inserted(db: Database, text: string, values: readonly unknown[]): Promise<number> {
  const row = await selectRow(db, idRow, text, values);
  if (row === undefined) throw new Error("The insert returned no row");
  return row.id;
}

export function insertUser(db: Database, name = "Anna"): Promise<number> {
  return inserted(
    db,
    `insert into "user" (auth_id, name, modified_at) values (gen_random_uuid()::text, $1, now()) returning id`,
    [name],
  );
}

interface ChannelRow {
  readonly type?: "EMAIL" | "SLACK";
  readonly destination?: string;
  readonly secretId?: string;
  readonly purpose?: "REPORT" | "NOTIFICATION";
}

let channels = 0;

/** A channel of a user, as the web application's settings page makes it, with an address of its own. */
export async function insertChannel(db: Database, userId: number, row: ChannelRow = {}): Promise<number> {
  channels += 1;
  const id = await inserted(
    db,
    `insert into notification_channel (channel_type, destination, secret_id, modified_at)
     values ($1, $2, $3, now()) returning id`,
    [
      row.type ?? "EMAIL",
      row.destination ?? `user-${userId}-${channels}@investor.example`,
      row.secretId ?? null,
    ],
  );
  await db.query(
    `insert into notification_subscription (user_id, channel_id, channel_purpose, modified_at)
     values ($1, $2, $3, now())`,
    [userId, id, row.purpose ?? "REPORT"],
  );
  return id;
}

export async function follow(db: Database, userId: number, companyId: number): Promise<void> {
  await db.query(
    "insert into company_subscription (user_id, company_id, modified_at) values ($1, $2, now())",
    [userId, companyId],
  );
}

/** A series of one company, and where it comes from. */
export interface TestSeries {
  readonly companyId: number;
  readonly sourceId: number;
  readonly measurementId: number;
  readonly companyMeasurementId: number;
}

interface SeriesRow {
  readonly name?: string;
  readonly type?: string;
  readonly parentId?: number;
}

export async function insertSeries(
  db: Database,
  { companyId, sourceId }: { companyId: number; sourceId: number },
  { name = "stars", type = "int", parentId }: SeriesRow = {},
): Promise<TestSeries> {
  const measurementId = await inserted(
    db,
    `insert into source_measurement
       (source_module_id, type, measurement_name, parent_measurement_id, modified_at)
     values ($1, $2, $3, $4, now()) returning id`,
    [sourceId, type, name, parentId ?? null],
  );
  const companyMeasurementId = await inserted(
    db,
    `insert into company_source_measurement (source_measurement_id, company_id, is_canonical)
     values ($1, $2, true) returning company_measurement_id as id`,
    [measurementId, companyId],
  );
  return { companyId, sourceId, measurementId, companyMeasurementId };
}

/** A company with one series, of a source of its own. */
export async function companyWithSeries(db: Database, name: string): Promise<TestSeries> {
  const sourceId = await insertSource(db, { name: "github" });
  return insertSeries(db, { companyId: await insertCompany(db, name), sourceId });
}

export async function insertPoints(
  db: Database,
  { companyMeasurementId }: TestSeries,
  points: readonly (readonly [at: string, value: string | number | Date])[],
  { table = "int", itemKey = "" } = {},
): Promise<void> {
  for (const [at, value] of points) {
    await db.query(
      `insert into measurement_${table}_value
         (company_measurement_id, value, "timestamp", item_key, raw_document_id, modified_at)
       values ($1, $2, $3, $4, gen_random_uuid()::text, now())`,
      [companyMeasurementId, value, new Date(at), itemKey],
    );
  }
}

interface FindingRow {
  readonly title?: string;
  readonly severity?: "critical" | "high" | "medium" | "low";
  readonly observedAt?: string;
  readonly foundAt?: string;
  readonly detector?: string;
  readonly itemKey?: string;
  readonly facts?: object;
}

let findings = 0;

/** A finding with its news; returns its id. */
export async function insertFinding(db: Database, series: TestSeries, row: FindingRow = {}): Promise<number> {
  findings += 1;
  const observedAt = new Date(row.observedAt ?? Date.UTC(2025, 2, 3, 0, 0, findings));
  const newsId = await inserted(
    db,
    `insert into news (message, company_id, data_source_id, trigger_factor, title, "timestamp",
                       source_measurement_id, created_at, modified_at)
     values ('412 stars, after 140.', $1, $2, '+186%', $3, $4, $5, $6, $6) returning id`,
    [
      series.companyId,
      series.sourceId,
      row.title ?? "Stars rose",
      observedAt,
      series.measurementId,
      new Date(row.foundAt ?? "2025-03-03T07:00:00Z"),
    ],
  );
  return inserted(
    db,
    `insert into pipeline.finding
       (news_id, detector, company_measurement_id, item_key, observed_at, severity, facts)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [
      newsId,
      row.detector ?? "anomaly",
      series.companyMeasurementId,
      row.itemKey ?? "",
      observedAt,
      row.severity ?? "high",
      JSON.stringify(row.facts ?? { kind: "anomaly", why: "412 against an expected 120 to 160." }),
    ],
  );
}

const deliveryRow = z.object({
  id: z.coerce.number(),
  kind: z.string(),
  user_id: z.int().nullable(),
  channel_id: z.int(),
  state: z.string(),
  attempt: z.int(),
  send_after: z.date(),
  provider_id: z.string().nullable(),
  error: z.string().nullable(),
  findings: z.array(z.coerce.number()),
});

/** The deliveries, the oldest first. */
export async function deliveriesIn(db: Database) {
  const { rows } = await db.query(
    `select delivery.id, kind::text, user_id, channel_id, state::text, attempt, send_after, provider_id, error,
            array(select finding_id from pipeline.delivery_finding told
                   where told.delivery_id = delivery.id order by 1) as findings
       from pipeline.delivery order by id`,
  );
  return deliveryRow.array().parse(rows);
}

const LINKS = {
  WEB_APP_URL: "https://parma.example",
  PUBLIC_URL: "https://functions.parma.example",
  PARMA_LINK_SECRET: "a link secret of the tests",
};

/** Sets what the links of messages are made of, until the returned function is called. */
export function setLinkSettings(): () => void {
  Object.assign(process.env, LINKS);
  return () => {
    for (const name of Object.keys(LINKS)) delete process.env[name];
  };
}
