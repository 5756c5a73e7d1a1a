import { z } from "zod";
import { logEvent, logWarning } from "../../../platform/log.ts";
import { LOG_EVENTS } from "../../../platform/logEvents.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import { type OperatorNotice, tellOperators } from "../../message/tellOperators.ts";
import { BREAKER_PAUSE_SECONDS } from "../../state/stateModels.ts";
import { afterCall, type Breaker, type CallVerdict } from "./breaker.ts";

/** A call that has just ended. */
export interface CallEnd {
  readonly callId: string;
  readonly verdict: CallVerdict;
  readonly errorType: string | null;
  readonly errorText: string | null;
}

/** Whether a source went down or came up with the calls that ended. */
export type HealthChange = "WENT_DOWN" | "CAME_UP" | undefined;

const breakerRow = z
  .object({
    state: z.enum(["CLOSED", "OPEN", "PROBING"]),
    consecutiveFailures: z.number(),
    recentFailures: z.array(z.boolean()),
    suspectFailures: z.number(),
    suspectType: z.string().nullable(),
    downSince: z.date().nullable(),
    pauseSeconds: z.number().nullable(),
    nextProbeAt: z.date().nullable(),
    probeCallId: z.string().nullable(),
  })
  .transform(({ state, downSince, pauseSeconds, nextProbeAt, probeCallId, ...counts }): Breaker => {
    // The table's check constraint has all of them unless it is CLOSED.
    if (state === "CLOSED" || downSince === null || pauseSeconds === null || nextProbeAt === null) {
      return { state: "CLOSED", ...counts };
    }
    return { state, ...counts, downSince, pauseSeconds, nextProbeAt, probeCallId };
  });

// Holds the row's lock until the transaction ends. The update only takes the lock; the insert makes the first row.
const LOCK_BREAKER = `
  insert into pipeline.source_breaker as b (data_source_id, state_since) values ($1, $2)
  on conflict (data_source_id) do update set state_since = b.state_since
  returning state, consecutive_failures, recent_failures, down_since, pause_seconds, next_probe_at,
            probe_call_id::text, suspect_failures, suspect_type`;

const WRITE_BREAKER = `
  update pipeline.source_breaker
     set state_since = case when state = $2::pipeline.breaker_state then state_since else $3 end,
         state = $2::pipeline.breaker_state,
         consecutive_failures = $4,
         recent_failures = $5,
         down_since = $6,
         pause_seconds = $7,
         next_probe_at = $8,
         probe_call_id = $9,
         last_error_type = coalesce($10, last_error_type),
         last_error_text = coalesce($11, last_error_text),
         last_error_at = case when $10::text is null then last_error_at else $3 end,
         suspect_failures = $12,
         suspect_type = $13
   where data_source_id = $1`;

const namedSource = z.object({ sourceName: z.string() });

const WRITE_HEALTH = `
  update data_source set health_status = $2::health_status, modified_at = $3 where id = $1
  returning source_name`;

/**
 * Moves a source's breaker by calls that have ended, and the health that the web application shows with it. Run it in
 * the transaction that ends the calls, after the task's lock; the breaker's row stays locked until the end.
 */
export async function recordVerdicts(
  connection: Database,
  { sourceId, ended, now }: { sourceId: number; ended: readonly CallEnd[]; now: Date },
): Promise<HealthChange> {
  if (ended.length === 0) return undefined;
  const before = await selectRow(connection, breakerRow, LOCK_BREAKER, [sourceId, now]);
  if (before === undefined) return undefined;
  const after = ended.reduce((breaker, call) => afterCall(breaker, call, now), before);
  const down = after.state === "CLOSED" ? undefined : after;
  const fault = ended.findLast(({ verdict }) => verdict === "SOURCE_FAULT");
  await connection.query(WRITE_BREAKER, [
    sourceId,
    after.state,
    now,
    after.consecutiveFailures,
    after.recentFailures,
    down?.downSince ?? null,
    down?.pauseSeconds ?? null,
    down?.nextProbeAt ?? null,
    down?.probeCallId ?? null,
    fault?.errorType ?? null,
    fault?.errorText ?? null,
    after.suspectFailures,
    after.suspectType,
  ]);
  const isUp = after.state === "CLOSED";
  if ((before.state === "CLOSED") === isUp) return undefined;
  const change = isUp ? "CAME_UP" : "WENT_DOWN";
  const source = await selectRow(connection, namedSource, WRITE_HEALTH, [
    sourceId,
    isUp ? "UP" : "DOWN",
    now,
  ]);
  const name = source?.sourceName ?? String(sourceId);
  // The sweep enqueues the notice's task: the end of a call has no queue at hand.
  await tellOperators(
    connection,
    noticeOf(change, { sourceId, name, errorType: fault?.errorType, now }),
    now,
  );
  return change;
}

function noticeOf(
  change: NonNullable<HealthChange>,
  source: { sourceId: number; name: string; errorType: string | null | undefined; now: Date },
): OperatorNotice {
  const { sourceId, name, errorType, now } = source;
  if (change === "CAME_UP") {
    return {
      key: `source-up-${sourceId}-${now.toISOString()}`,
      subject: `Data source ${name} is up again`,
      body: "A call has succeeded, and the calls that waited are made.",
    };
  }
  return {
    key: `source-down-${sourceId}-${now.toISOString()}`,
    subject: `Data source ${name} is down`,
    body: [
      `Too many calls of data source ${name} (${sourceId}) have failed, the last with ${errorType ?? "no reason"}.`,
      "Its other calls wait. One at a time is let through to see whether it is up again, the first in " +
        `${BREAKER_PAUSE_SECONDS.first / 60} minutes, later once an hour; then the others follow by themselves. A run that ` +
        "waits for a day fails.",
      "The last error is in pipeline.source_breaker, those of single companies in pipeline.mining_call.",
    ].join("\n\n"),
  };
}

/** Logs the change. Call it once the transaction is committed. */
export function logHealthChange(sourceId: number, change: HealthChange): void {
  if (change === "WENT_DOWN") logWarning(LOG_EVENTS.source_down, { event: "source_down", source: sourceId });
  if (change === "CAME_UP") logEvent("source_up", { source: sourceId });
}
