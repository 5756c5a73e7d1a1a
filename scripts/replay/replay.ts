import { z } from "zod";
import { renderEmail } from "../../functions/src/adapters/channels/email/renderEmail.ts";
import { renderSlack } from "../../functions/src/adapters/channels/slack/renderSlack.ts";
import { extractValues } from "../../functions/src/domain/extraction/extractValues.ts";
import { isFinal } from "../../functions/src/domain/extraction/filedDocument.ts";
import { writeExtraction } from "../../functions/src/domain/extraction/writeExtraction.ts";
import { attemptDelivery } from "../../functions/src/domain/message/attemptDelivery.ts";
import type { Channel, Send } from "../../functions/src/domain/message/channel.ts";
import { newestPoints } from "../../functions/src/domain/message/seriesPoints.ts";
import { ensureMeasurements } from "../../functions/src/domain/normalizationMap/measurements.ts";
import type { MeasuredMap } from "../../functions/src/domain/normalizationMap/normalizationMap.ts";
import { markFailed } from "../../functions/src/domain/rawDocument/rawDocumentState.ts";
import { analysisConfig } from "../../functions/src/platform/config.ts";
import {
  type Database,
  selectRow,
  selectRows,
  type TransactionalDatabase,
} from "../../functions/src/platform/postgres.ts";
import { analyzeBatch } from "../../functions/src/stages/analyze/analyzeBatch.ts";
import { composeAlert } from "../../functions/src/stages/notify/composeAlert.ts";
import { messageOf } from "../userError.ts";
import type { ReplayFile } from "./replayFile.ts";

/** What came of a file of raw answers. */
export interface Replayed {
  readonly documents: readonly {
    readonly observedAt: Date;
    readonly state: string;
    /** Why it failed. */
    readonly reason: string | null;
    /** What is wrong with what the source sent. */
    readonly problem: string | null;
    readonly issues: readonly {
      readonly path: string;
      readonly expected: string;
      readonly received: string;
    }[];
    /** How many were stored. */
    readonly values: number;
  }[];
  /** The series of numbers, as charts have them. */
  readonly series: readonly {
    readonly measurement: string;
    readonly item: string;
    readonly points: readonly { readonly at: Date; readonly value: number }[];
  }[];
  /** One entry for what is told as one. */
  readonly news: readonly ReplayedNews[];
  readonly messages: readonly {
    readonly channel: Channel["type"];
    readonly at: Date;
    readonly subject: string;
    readonly text: string;
  }[];
}

type ReplayedNews = z.output<typeof newsRow>;

/**
 * Runs raw answers through normalizing, analyzing and composing, each at the time it was received, with one follower
 * who has an email and a Slack channel. The code is production's; only the channels end in the result.
 *
 * @param db an empty, migrated database
 * @param report is told how many documents are done
 */
export async function replay(
  db: TransactionalDatabase,
  file: ReplayFile,
  report: (done: number) => void = () => undefined,
): Promise<Replayed> {
  const documents = file.documents
    .map((document, index) => ({ ...document, id: `document-${String(index + 1).padStart(6, "0")}` }))
    .toSorted((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
  const begin = new Date((documents[0]?.receivedAt.getTime() ?? 0) - 60_000);
  const source = await setUp(db, file, begin);
  const messages: Replayed["messages"][number][] = [];
  for (const [done, document] of documents.entries()) {
    await sendDue(db, messages, document.receivedAt);
    await runDocument(db, source, document);
    report(done + 1);
    // In production autovacuum does; without it, plans stay those of empty tables.
    if (done % 500 === 49) await db.query("analyze");
  }
  await sendDue(db, messages, undefined);
  return {
    documents: await documentsOf(db),
    series: await seriesOf(db),
    news: await selectRows(db, newsRow, NEWS, []),
    messages,
  };
}

interface ReplaySource {
  readonly id: number;
  readonly companyId: number;
  readonly map: MeasuredMap;
}

const idRow = z.object({ id: z.int() });

async function setUp(
  db: Database,
  { map, frequency, company, rules }: ReplayFile,
  at: Date,
): Promise<ReplaySource> {
  const insert = async (text: string, values: readonly unknown[]) => {
    const row = await selectRow(db, idRow, text, values);
    if (row === undefined) throw new Error("The insert returned no row");
    return row.id;
  };
  const id = await insert(
    `insert into data_source (source_name, is_active, frequency, health_status, invocation_endpoint, created_at, modified_at)
     values ($1, true, $2, 'UP', 'http://127.0.0.1/', $3, $3) returning id`,
    [map.Source, frequency, at],
  );
  // A trigger links it to the source.
  const companyId = await insert(
    "insert into company (name, created_at, modified_at) values ($1, $2, $2) returning id",
    [company.name, at],
  );
  await db.query("update company_data_source set created_at = $1, modified_at = $1", [at]);
  await db.query(
    "insert into pipeline.company_domain (company_id, domain) select $1, unnest($2::text[]) on conflict do nothing",
    [companyId, company.domains],
  );
  const user = await insert(
    `insert into "user" (auth_id, name, created_at, modified_at) values ('replay', 'Replay', $1, $1) returning id`,
    [at],
  );
  await db.query(
    "insert into company_subscription (user_id, company_id, created_at, modified_at) values ($1, $2, $3, $3)",
    [user, companyId, at],
  );
  for (const [type, destination] of [
    ["EMAIL", "replay@parma.example"],
    ["SLACK", "#replay"],
  ]) {
    const channel = await insert(
      `insert into notification_channel (channel_type, destination, secret_id, created_at, modified_at)
       values ($1, $2, null, $3, $3) returning id`,
      [type, destination, at],
    );
    await db.query(
      `insert into notification_subscription (user_id, channel_id, channel_purpose, created_at, modified_at)
       values ($1, $2, 'NOTIFICATION', $3, $3)`,
      [user, channel, at],
    );
  }
  const measured = await ensureMeasurements(db, id, map, at);
  for (const { measurement, threshold, aggregation, entries, minimumChange } of rules) {
    const rule = await insert(
      `insert into notification_rules
         (rule_name, source_measurement_id, threshold, aggregation_method, num_aggregation_entries, created_at, modified_at)
       select 'Rule for ' || measurement_name, id, $2, $3, $4, $5, $5
         from source_measurement where measurement_name = $1 order by id limit 1
       returning rule_id as id`,
      [measurement, threshold, aggregation, entries ?? null, at],
    );
    await db.query("insert into pipeline.rule_setting (rule_id, minimum_change) values ($1, $2)", [
      rule,
      minimumChange ?? null,
    ]);
  }
  return { id, companyId, map: measured };
}

type ReceivedDocument = ReplayFile["documents"][number] & { readonly id: string };

async function runDocument(
  db: TransactionalDatabase,
  { id: sourceId, companyId, map }: ReplaySource,
  { id, observedAt, receivedAt, data }: ReceivedDocument,
): Promise<void> {
  const document = { id, path: id, sourceId, companyId, taskId: null, observedAt, receivedAt };
  try {
    const extraction = extractValues(map, data);
    await writeExtraction(db, { document, mapVersion: 1, extraction }, receivedAt);
  } catch (error) {
    if (!isFinal(error)) throw error;
    await markFailed(db, document, messageOf(error), receivedAt);
    return;
  }
  const { ANOMALY_FALSE_ALARM_RATE, NEWS_SPACING_HOURS } = analysisConfig();
  const settings = {
    detector: { falseAlarmRate: ANOMALY_FALSE_ALARM_RATE },
    spacingMs: NEWS_SPACING_HOURS * 3_600_000,
  };
  // What is due is found in the database: a queue would only say the same.
  const enqueue = async () => undefined;
  await analyzeBatch({ db, enqueue, settings, improvesNews: false, now: receivedAt }, id);
}

const dueRow = z.object({ id: z.coerce.number(), sendAfter: z.date() });

const NEXT_DUE = `
  select id, send_after from pipeline.delivery
   where state = 'PENDING' and ($1::timestamp is null or send_after <= $1)
   order by send_after, id limit 1`;

/** Sends what is due until a time, or all that is left. */
async function sendDue(
  db: Database,
  messages: Replayed["messages"][number][],
  until: Date | undefined,
): Promise<void> {
  for (;;) {
    const due = await selectRow(db, dueRow, NEXT_DUE, [until ?? null]);
    if (due === undefined) return;
    const send: Send = async (channel, message, { beforeHandingOver }) => {
      const sent = { channel: channel.type, at: due.sendAfter };
      if (channel.type === "EMAIL") {
        const { subject, text } = renderEmail(message, () => false);
        messages.push({ ...sent, subject, text });
      } else {
        const { text, blocks } = renderSlack(message, new Map());
        messages.push({ ...sent, subject: text, text: textOf(blocks) });
      }
      await beforeHandingOver();
      return { providerId: null, notes: [] };
    };
    await attemptDelivery({ db, send, clock: () => due.sendAfter }, due.id, (delivery, now) =>
      composeAlert(db, delivery, now),
    );
  }
}

/** The texts of Slack's blocks, a line each. */
function textOf(blocks: unknown): string {
  const lines: string[] = [];
  const textual = z.object({ text: z.string() });
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const element of value) walk(element);
    else if (typeof value === "object" && value !== null) {
      const leaf = textual.safeParse(value);
      if (leaf.success) lines.push(leaf.data.text);
      else for (const inner of Object.values(value)) walk(inner);
    }
  };
  walk(blocks);
  return lines.join("\n");
}

const documentRow = z.object({
  observedAt: z.date(),
  state: z.string(),
  reason: z.string().nullable(),
  problem: z.string().nullable(),
  issues: z.array(z.object({ path: z.string(), expected: z.string(), received: z.string() })),
  values: z.int(),
});

function documentsOf(db: Database) {
  return selectRows(
    db,
    documentRow,
    `select document.observed_at, document.state::text, document.reason, problem.problem,
            coalesce(document.value_count, 0) as values,
            coalesce((select jsonb_agg(jsonb_build_object('path', path, 'expected', expected, 'received', received)
                                       order by path, expected)
                        from pipeline.normalization_issue issue where issue.raw_document_id = document.id), '[]') as issues
       from pipeline.raw_document document
       left join pipeline.data_problem problem on problem.raw_document_id = document.id
      order by document.id`,
    [],
  );
}

const seriesRow = z.object({
  companyMeasurementId: z.int(),
  itemKey: z.string(),
  measurement: z.string(),
  until: z.date(),
});

async function seriesOf(db: Database): Promise<Replayed["series"]> {
  const rows = await selectRows(
    db,
    seriesRow,
    `select value.company_measurement_id, value.item_key, measurement.measurement_name as measurement,
            max(value."timestamp") as until
       from (${["int", "bigint", "float"]
         .map(
           (table) => `select company_measurement_id, item_key, "timestamp" from measurement_${table}_value`,
         )
         .join(" union all ")}) value
       join company_source_measurement using (company_measurement_id)
       join source_measurement measurement on measurement.id = source_measurement_id
      group by 1, 2, 3
      order by 1, 2`,
    [],
  );
  const points = await newestPoints(db, rows, 1_000_000);
  return rows.map(({ measurement, itemKey }, index) => ({
    measurement,
    item: itemKey,
    points: points[index] ?? [],
  }));
}

const newsRow = z.object({
  observedAt: z.date(),
  measurement: z.string(),
  item: z.string(),
  kind: z.string(),
  severity: z.string(),
  title: z.string(),
  message: z.string(),
  parts: z.array(z.string()),
});

const NEWS = `
  select finding.observed_at, measurement.measurement_name as measurement, finding.item_key as item,
         coalesce(finding.facts ->> 'event', finding.facts ->> 'kind') as kind, finding.severity,
         coalesce(news.title, '') as title, news.message, coalesce((select array_agg(part) from jsonb_array_elements_text(finding.facts -> 'parts') part), '{}') as parts
    from pipeline.finding
    join news on news.id = finding.news_id
    join source_measurement measurement on measurement.id = news.source_measurement_id
   order by finding.observed_at, finding.id`;
