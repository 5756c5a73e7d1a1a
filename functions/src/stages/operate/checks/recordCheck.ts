import { z } from "zod";
import { tellOperators } from "../../../domain/message/tellOperators.ts";
import {
  callsAfterPause,
  endPauses,
  pauseSources,
} from "../../../domain/miningCall/sourceHealth/sourcePause.ts";
import { type Database, selectRow, selectRows } from "../../../platform/postgres.ts";
import type { Task } from "../../../platform/taskQueue.ts";
import { type CheckChange, checkNotice } from "./checkNotice.ts";
import type { DataCheck } from "./readChecks.ts";
import type { CheckOutcome } from "./runCheck.ts";

/** A run of a check, to be recorded. */
export interface CheckRun {
  readonly check: DataCheck;
  readonly outcome: CheckOutcome;
  readonly durationMs: number;
  readonly now: Date;
}

/** What a run changed. */
export interface RecordedCheck {
  /** Since when it is in its state. */
  readonly since: Date;
  /** Undefined if nothing changed that operators are told. */
  readonly change: CheckChange | undefined;
  /** What is to be enqueued once this is committed. */
  readonly tasks: Readonly<Record<"deliver" | "mineSource", readonly Task[]>>;
}

/** What the pauses of a check are made by. */
export function pausedBy(name: string): string {
  return `check:${name}`;
}

const stateRow = z.object({ state: z.enum(["PASSING", "FAILING", "BROKEN"]), since: z.date() });

// The row stays locked until the transaction ends, so of two simultaneous runs only one tells.
const LOCK = `
  insert into pipeline.data_check as "check"
    (name, title, severity, state, since, last_run_at, duration_ms, failing_count)
  values ($1, $2, $3::text::pipeline.check_severity, 'PASSING', $4, $4, 0, 0)
  on conflict (name) do update set title = excluded.title, severity = excluded.severity
  returning state::text, since`;

const RECORD = `
  update pipeline.data_check
     set state = $2::text::pipeline.check_state, since = $3, last_run_at = $4, duration_ms = $5,
         failing_count = coalesce($6, failing_count), error = $7
   where name = $1`;

const DELETE_ROWS = "delete from pipeline.data_check_row where check_name = $1";

// Sources removed meanwhile are left out.
const INSERT_ROWS = `
  insert into pipeline.data_check_row (check_name, position, data_source_id, finding)
  select $1, position, source.id, finding
    from jsonb_array_elements($2::jsonb) with ordinality as found (finding, position)
    left join data_source source on source.id = (finding ->> 'data_source_id')::integer`;

/**
 * Records a run of a check in the transaction of the caller: its state and rows, the pauses of a check that halts,
 * and what operators are to be told. They are told where its state changes, or which sources it pauses.
 */
export async function recordCheck(connection: Database, run: CheckRun): Promise<RecordedCheck> {
  const { check, outcome, durationMs, now } = run;
  const before = await selectRow(connection, stateRow, LOCK, [check.name, check.title, check.severity, now]);
  const since = before?.state === outcome.state ? before.since : now;
  await connection.query(RECORD, [
    check.name,
    outcome.state,
    since,
    now,
    durationMs,
    outcome.state === "BROKEN" ? null : outcome.failingCount,
    outcome.state === "BROKEN" ? outcome.error : null,
  ]);
  if (outcome.state !== "BROKEN") {
    await connection.query(DELETE_ROWS, [check.name]);
    await connection.query(INSERT_ROWS, [check.name, JSON.stringify(outcome.findings)]);
  }
  const { paused, resumed } = await settlePauses(connection, run);
  const mineSource = await callsAfterPause(connection, resumed, now);
  if (before?.state === outcome.state && paused.length === 0 && resumed.length === 0) {
    return { since, change: undefined, tasks: { deliver: [], mineSource } };
  }
  const change = {
    paused: await namesOf(connection, paused),
    resumed: await namesOf(connection, resumed),
  };
  const notice = checkNotice(check, outcome, change, now);
  return {
    since,
    change,
    tasks: { deliver: await tellOperators(connection, notice, now), mineSource },
  };
}

/** A halting check pauses exactly the sources in its rows. A broken check changes nothing. */
async function settlePauses(connection: Database, { check, outcome, now }: CheckRun) {
  if (outcome.state === "BROKEN") return { paused: [], resumed: [] };
  const by = pausedBy(check.name);
  const sourceIds = check.severity === "HALT" ? outcome.sourceIds : [];
  const reason = `The check ${check.name} fails`;
  return {
    paused: await pauseSources(connection, { sourceIds, by, reason }, now),
    resumed: await endPauses(connection, { by, but: sourceIds }),
  };
}

const namedSource = z.object({ sourceName: z.string() });

async function namesOf(connection: Database, sourceIds: readonly number[]): Promise<string[]> {
  const text = "select source_name from data_source where id = any ($1::int[]) order by id";
  return (await selectRows(connection, namedSource, text, [sourceIds])).map(({ sourceName }) => sourceName);
}
