import { z } from "zod";
import { selectRows } from "../../platform/postgres.ts";
import { lostSeconds, runSeconds, STALLED_SECONDS, stateModels } from "../state/stateModels.ts";
import { overdueBefore, type Patience, type SweepContext } from "../upkeep/upkeep.ts";
import { finishCalls } from "./finishCalls.ts";
import { callQueue, mineCompanyTask, mineSourceTask, PROCESS_DIED, releaseTask } from "./miningCall.ts";
import { dueProbes } from "./sourceHealth/probe.ts";

type CallSweep = Pick<SweepContext, "db" | "enqueue">;

const { attempts, states } = stateModels.miningCall;

// In one run of the sweep. Each source has at most one; the rest wait for the next run.
const MAX_TASKS = 200;

const LOST = `(
  c.state = 'ENQUEUED' and coalesce(c.enqueued_at, '-infinity') < $2
  or c.state = 'RUNNING' and c.started_at + ${lostSeconds("t")} * $4::float8 * interval '1 second' < $1)`;

// Locks the tasks first, like everything that changes calls, and passes over those that someone is changing. Reads
// scheduled_task_open_idx and mining_call_open_idx.
const RETRY_LOST_CALLS = `
  with task as (
    select t.task_id, t.attempts, t.max_run_seconds
      from scheduled_task t
     where t.status = 'PROCESSING'
       and exists (select from pipeline.mining_call c where c.task_id = t.task_id and ${LOST})
     order by t.task_id
     limit ${MAX_TASKS}
       for no key update skip locked
  ), lost as (
    select c.id, c.task_id, c.company_id, t.attempts, ${runSeconds("t")} as run_seconds, died, alone,
           died and not c.runs_alone or c.attempt < $3 as again
      from task t
      join pipeline.mining_call c on c.task_id = t.task_id and ${LOST}
      cross join lateral (
        select c.state = 'RUNNING' as died, c.state = 'RUNNING' or c.runs_alone as alone
      ) as last_try
  ), again as (
    update pipeline.mining_call c
       set state = 'ENQUEUED', enqueued_at = $1, runs_alone = lost.alone,
           attempt = c.attempt - (lost.died and not c.runs_alone)::int,
           error_type = case when lost.died then '${PROCESS_DIED.type}' else c.error_type end,
           error_text = case when lost.died then '${PROCESS_DIED.text}' else c.error_text end
      from lost
     where c.id = lost.id and lost.again
  )
  select task_id, company_id, attempts, run_seconds, again, died, alone from lost order by id`;

const lostCall = z.object({
  taskId: z.int(),
  companyId: z.int().nullable(),
  attempts: z.int(),
  runSeconds: z.int(),
  again: z.boolean(),
  died: z.boolean(),
  alone: z.boolean(),
});

/** Retries mining calls whose tasks got lost or whose processes died; fails those that have no try left. */
export async function sweepCalls(
  { db, enqueue }: CallSweep,
  patience: Patience,
): Promise<{ callsAgain: number; callsFailed: number }> {
  const { now, factor } = patience;
  const lost = await selectRows(db, lostCall, RETRY_LOST_CALLS, [
    now,
    overdueBefore(patience, states.ENQUEUED.lastsAtMost),
    attempts,
    factor,
  ]);
  const again = lost.filter((call) => call.again);
  for (const [queue, calls] of Map.groupBy(again, callQueue)) {
    await enqueue(
      queue,
      calls.map(({ taskId, attempts: attempt, companyId, runSeconds }) => {
        const task = mineCompanyTask({ taskId, attempt, companyId }, runSeconds);
        return { ...task, id: `${task.id}-again-${now.getTime()}` };
      }),
    );
  }
  const failed = Map.groupBy(
    lost.filter((call) => !call.again),
    (call) => call.taskId,
  );
  for (const [taskId, calls] of failed) {
    const results = calls.map(({ companyId, died }) => ({
      companyId,
      state: "FAILED" as const,
      errorType: died ? PROCESS_DIED.type : "Lost",
      errorText: died
        ? `${PROCESS_DIED.text}; tried ${attempts} times`
        : `Tried ${attempts} times, and it never ended`,
    }));
    await finishCalls(db, { taskId, attempt: calls[0]?.attempts, results, now });
  }
  return { callsAgain: again.length, callsFailed: lost.length - again.length };
}

// If a page got lost, its companies begin after the last one that has a call. If all pages are open, calls wait for
// places that nobody releases. Reads scheduled_task_open_idx, and the last call of a task by its key.
const STALLED_TASKS = `
  select t.task_id, t.attempts as attempt, coalesce(run.fanned_out, false) as fanned_out,
         coalesce((select max(c.company_id) from pipeline.mining_call c where c.task_id = t.task_id), 0) as after
    from scheduled_task t
    left join pipeline.task_run run on run.task_id = t.task_id
   where t.status = 'PROCESSING'
     and greatest(t.started_at, run.last_seen_at) < $1
     and (not coalesce(run.fanned_out, false)
          or exists (select from pipeline.mining_call c where c.task_id = t.task_id and c.state = 'WAITING'))
   order by t.task_id
   limit ${MAX_TASKS}`;

const stalledTask = z.object({ taskId: z.int(), attempt: z.int(), fannedOut: z.boolean(), after: z.int() });

/** Continues scheduled tasks that lost a page, or whose calls wait for places that are free. */
export async function sweepTasks(
  { db, enqueue }: CallSweep,
  patience: Patience,
): Promise<{ tasksAgain: number }> {
  const { now } = patience;
  const stalled = await selectRows(db, stalledTask, STALLED_TASKS, [
    overdueBefore(patience, STALLED_SECONDS),
  ]);
  await enqueue(
    "mineSource",
    stalled.map(({ fannedOut, ...page }) => {
      const task = fannedOut ? releaseTask(page, now) : mineSourceTask(page);
      return { ...task, id: `${task.id}-again-${now.getTime()}` };
    }),
  );
  return { tasksAgain: stalled.length };
}

/** Lets the due probes of sources that are down through, as the tick does. */
export async function sweepProbes(
  { db, enqueue }: CallSweep,
  { now }: Patience,
): Promise<{ probes: number }> {
  const probes = await dueProbes(db, now);
  await enqueue("mineSource", probes);
  return { probes: probes.length };
}
