import { z } from "zod";
import { IN_EMULATOR } from "../../platform/config.ts";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { isPaused } from "./sourcePause.ts";

// Modules run on one to ten small instances and serve a call synchronously, so more than this queues up there. The
// emulator starts a process for each of our functions' calls at a time, a second of a processor each.
const CALLS_IN_FLIGHT = IN_EMULATOR ? 2 : 8;

const sourceLimits = z.object({ calls_in_flight: z.number().int().min(1).max(1000) });

/** Whether a source may be called now, and by how many of its running task's calls that wait. */
export interface Admission {
  readonly places: number;
  /** The one place is for a probe of a source that is down. */
  readonly isProbe: boolean;
  /** The calls that wait will not be made: the source's calls of the day are used up. */
  readonly isUsedUp: boolean;
}

const admissionRow = z.object({
  additional_params: z.unknown(),
  is_paused: z.boolean(),
  breaker: z.enum(["CLOSED", "OPEN", "PROBING"]),
  probe_is_due: z.boolean(),
  calls_per_day: z.number().nullable(),
  calls_today: z.number(),
  fanned_out: z.boolean(),
  enqueued: z.number(),
  running: z.number(),
});

/**
 * Whether the breaker `b` lets a probe through: it is time, or the probe that was let through came to nothing (its
 * task was reclaimed, deleted or cancelled).
 */
export const probeIsDue = (now: string) => `(
  b.state = 'OPEN' and b.next_probe_at <= ${now}
  or b.state = 'PROBING' and not exists (
    select from pipeline.mining_call probe where probe.id = b.probe_call_id and probe.state in ('ENQUEUED', 'RUNNING')
  ))`;

// Key look-ups, but for the counts, which read mining_call_open_idx.
const READ_ADMISSION = `
  select d.additional_params,
         ${isPaused("d.id")} as is_paused,
         coalesce(b.state, 'CLOSED') as breaker,
         coalesce(${probeIsDue("$2")}, false) as probe_is_due,
         pipeline.calls_per_day(d.additional_params) as calls_per_day,
         coalesce(today.calls, 0) as calls_today,
         coalesce(run.fanned_out, false) as fanned_out,
         (select count(*)::int from pipeline.mining_call c
           where c.task_id = t.task_id and c.state = 'ENQUEUED') as enqueued,
         (select count(*)::int from pipeline.mining_call c
           where c.task_id = t.task_id and c.state = 'RUNNING') as running
    from scheduled_task t
    join data_source d on d.id = t.data_source_id
    left join pipeline.task_run run on run.task_id = t.task_id
    left join pipeline.source_breaker b on b.data_source_id = d.id
    left join pipeline.source_day today on today.data_source_id = d.id and today.day = $2::timestamp(3)::date
   where t.task_id = $1`;

/** Reads what {@link admit} decides by. The caller holds the task's lock. */
export async function readAdmission(connection: Database, taskId: number, now: Date): Promise<Admission> {
  const row = await selectRow(connection, admissionRow, READ_ADMISSION, [taskId, now]);
  return row === undefined ? NONE : admit(row);
}

const NONE: Admission = { places: 0, isProbe: false, isUsedUp: false };

/** The one place that says how many calls a source gets. */
function admit(source: z.output<typeof admissionRow>): Admission {
  if (source.is_paused) return NONE;
  const quota = source.calls_per_day ?? Number.POSITIVE_INFINITY;
  // Who goes first is known when all companies of the source are.
  if (source.calls_per_day !== null && !source.fanned_out) return NONE;
  if (source.calls_today >= quota) return { ...NONE, isUsedUp: true };
  // Each call that is enqueued will be one more of today's.
  const left = quota - source.calls_today - source.enqueued;
  if (source.breaker !== "CLOSED") {
    return source.probe_is_due && left >= 1 ? { ...NONE, places: 1, isProbe: true } : NONE;
  }
  const limits = sourceLimits.safeParse(source.additional_params);
  const inFlight = limits.success ? limits.data.calls_in_flight : CALLS_IN_FLIGHT;
  return { ...NONE, places: Math.max(0, Math.min(inFlight - source.enqueued - source.running, left)) };
}
