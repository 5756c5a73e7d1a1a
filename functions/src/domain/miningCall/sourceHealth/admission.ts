import { z } from "zod";
import { IN_EMULATOR } from "../../../platform/config.ts";
import { type Database, selectRow } from "../../../platform/postgres.ts";
import { probeIsDue } from "./probe.ts";
import { isPaused } from "./sourcePause.ts";

// Modules run on one to ten small instances and serve a call synchronously, so more calls than this queue up there.
// The emulator starts a process for each concurrent call of our functions, a second of a processor each.
const CALLS_IN_FLIGHT = IN_EMULATOR ? 2 : 8;

const sourceLimits = z.object({ calls_in_flight: z.number().int().min(1).max(1000) });

/** Whether a source may be called now, and how many waiting calls of its running task it admits. */
export interface Admission {
  readonly places: number;
  /** The one place is for a probe of a source that is down. */
  readonly isProbe: boolean;
  /** The source's calls of the day are used up, so the waiting calls will not be made. */
  readonly isUsedUp: boolean;
}

const admissionRow = z.object({
  additionalParams: z.unknown(),
  isPaused: z.boolean(),
  breaker: z.enum(["CLOSED", "OPEN", "PROBING"]),
  probeIsDue: z.boolean(),
  callsPerDay: z.number().nullable(),
  callsToday: z.number(),
  fannedOut: z.boolean(),
  enqueued: z.number(),
  running: z.number(),
});

// Key look-ups, except for the counts, which read mining_call_open_idx.
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

/** Reads how many calls a task's source admits. The caller holds the task's lock. */
export async function readAdmission(connection: Database, taskId: number, now: Date): Promise<Admission> {
  const row = await selectRow(connection, admissionRow, READ_ADMISSION, [taskId, now]);
  return row === undefined ? NONE : admit(row);
}

const NONE: Admission = { places: 0, isProbe: false, isUsedUp: false };

/** The one place that decides how many calls a source gets. */
function admit(source: z.output<typeof admissionRow>): Admission {
  if (source.isPaused) return NONE;
  const quota = source.callsPerDay ?? Number.POSITIVE_INFINITY;
  // Which companies come first is known only once all of them have calls.
  if (source.callsPerDay !== null && !source.fannedOut) return NONE;
  if (source.callsToday >= quota) return { ...NONE, isUsedUp: true };
  // Each enqueued call will be one more of today's.
  const left = quota - source.callsToday - source.enqueued;
  if (source.breaker !== "CLOSED") {
    return source.probeIsDue && left >= 1 ? { ...NONE, places: 1, isProbe: true } : NONE;
  }
  const limits = sourceLimits.safeParse(source.additionalParams);
  const inFlight = limits.success ? limits.data.calls_in_flight : CALLS_IN_FLIGHT;
  return { ...NONE, places: Math.max(0, Math.min(inFlight - source.enqueued - source.running, left)) };
}
