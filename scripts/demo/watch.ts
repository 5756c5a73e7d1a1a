import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { selectRow } from "../../functions/src/platform/postgres.ts";
import type { ChildEnded } from "../stack/child.ts";
import { SUBSCRIBERS } from "../stack/subscribers.ts";
import { UserError } from "../userError.ts";
import type { RegisteredSource } from "./demoSources.ts";
import type { Setting } from "./setting.ts";

// Something happens every second, or less often on a busy machine.
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 250;

const TASKS = `
  select count(*)::int as tasks,
         count(*) filter (where status in ('SUCCESS', 'FAILED'))::int as ended,
         (select count(*)::int from pipeline.mining_call) as calls,
         (select count(*)::int from pipeline.mining_call where state in ('SUCCEEDED', 'FAILED')) as calls_ended,
         (select count(*)::int from pipeline.raw_document where state <> 'RECEIVED') as normalized,
         (select count(*)::int from pipeline.raw_document where state in ('RECEIVED', 'NORMALIZED')) as unanalyzed,
         (select count(*)::int from pipeline.finding) as findings,
         (select count(*)::int from pipeline.delivery) as deliveries,
         (select count(*)::int from pipeline.delivery where state in ('PENDING', 'SENDING')) as undelivered,
         (select count(*)::int from pipeline.report_run where page_blob is not null) as reports
    from scheduled_task
   where scheduled_at <= now()`;

const counts = z.object({
  tasks: z.number(),
  ended: z.number(),
  calls: z.number(),
  callsEnded: z.number(),
  normalized: z.number(),
  unanalyzed: z.number(),
  findings: z.number(),
  deliveries: z.number(),
  undelivered: z.number(),
  reports: z.number(),
});

type Counts = z.output<typeof counts>;

/** Waits until every source's task has ended. */
export function untilMined(setting: Setting, report: (text: string) => void): Promise<void> {
  return untilSeen(setting, "mined", (seen) => {
    report(
      `waiting for modules: ${seen.callsEnded} of ${seen.calls} companies mined, ${seen.normalized} raw documents so far`,
    );
    return seen.tasks >= setting.sources.length && seen.ended === seen.tasks;
  });
}

/** Waits until `documents` raw documents are normalized or have failed. */
export function untilNormalized(
  setting: Setting,
  documents: number,
  report: (text: string) => void,
): Promise<void> {
  return untilSeen(setting, "normalized", (seen) => {
    report(`waiting for values: ${seen.normalized} of ${documents} raw documents normalized`);
    return seen.normalized >= documents;
  });
}

/** Waits until everything normalized has been analyzed. */
export function untilAnalyzed(setting: Setting, report: (text: string) => void): Promise<void> {
  return untilSeen(setting, "analyzed", (seen) => {
    report(
      `waiting for rules and detectors: ${seen.normalized - seen.unanalyzed} of ${seen.normalized} raw documents analyzed, ${seen.findings} findings`,
    );
    return seen.unanalyzed === 0;
  });
}

/** Waits until every message due by now has arrived or has failed for good. */
export function untilDelivered(setting: Setting, report: (text: string) => void): Promise<void> {
  return untilSeen(setting, "delivered", (seen) => {
    report(
      `waiting for email and Slack: ${seen.deliveries - seen.undelivered} of ${seen.deliveries} messages delivered`,
    );
    return seen.undelivered === 0;
  });
}

/** Waits until every subscriber has a report. */
export function untilReported(setting: Setting, report: (text: string) => void): Promise<void> {
  return untilSeen(setting, "reported", (seen) => {
    report(`waiting for weekly reports: ${seen.reports} of ${SUBSCRIBERS.length} sent`);
    return seen.reports === SUBSCRIBERS.length && seen.undelivered === 0;
  });
}

/** Stages hand over by rows, so reading them shows when a stage is done, without taking part. */
async function untilSeen(
  { stack, db, ended }: Setting,
  what: string,
  isDone: (seen: Counts) => boolean,
): Promise<void> {
  let end: ChildEnded | undefined;
  void ended.then((first) => {
    end = first;
  });
  let [last, changedAt] = ["", Date.now()];
  for (;;) {
    const seen = await selectRow(db, counts, TASKS);
    if (seen !== undefined && isDone(seen)) return;
    const now = JSON.stringify(seen);
    if (now !== last) [last, changedAt] = [now, Date.now()];
    if (end !== undefined || Date.now() - changedAt > PATIENCE_MS) {
      const reason = end?.message ?? `nothing happened for ${PATIENCE_MS / 1000} s`;
      throw new UserError(`The data were not ${what}: ${reason}. The functions' log: ${stack.logFile}`);
    }
    await setTimeout(LOOK_EVERY_MS);
  }
}

const aggregation = z.array(
  z.object({
    result: z.object({ aggregateFields: z.object({ n: z.object({ integerValue: z.string() }) }) }),
  }),
);

/** Counts a source's raw documents directly in Firestore. */
export async function countRawDocuments({ stack }: Setting, source: RegisteredSource): Promise<number> {
  const parent = `projects/${stack.projectId}/databases/(default)/documents/parma/mining/datasource/${source.name}`;
  const response = await fetch(`http://${stack.firestoreHost}/v1/${parent}:runAggregationQuery`, {
    method: "POST",
    // The emulator's bypass of the rules, which refuse every client.
    headers: { Authorization: "Bearer owner", "Content-Type": "application/json" },
    body: JSON.stringify({
      structuredAggregationQuery: {
        structuredQuery: { from: [{ collectionId: "raw_data" }] },
        aggregations: [{ alias: "n", count: {} }],
      },
    }),
  });
  const [answer] = aggregation.parse(await response.json());
  return Number(answer?.result.aggregateFields.n.integerValue);
}
