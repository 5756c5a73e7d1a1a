import { z } from "zod";
import { dueProbes } from "../../domain/miningCall/dueProbes.ts";
import { finishCalls } from "../../domain/miningCall/finishCalls.ts";
import { mineSourceTask, releaseTask } from "../../domain/miningCall/mineSourceTask.ts";
import { callQueue, mineCompanyTask, PROCESS_DIED } from "../../domain/miningCall/miningCall.ts";
import { runSeconds, stateModels } from "../../domain/state/stateModels.ts";
import { overdueBefore, type Patience } from "../../domain/upkeep/upkeep.ts";
import { selectRows, type TransactionalDatabase } from "../../platform/postgres.ts";
import type { EnqueueTasks } from "../../platform/taskQueue.ts";

interface SweepCallsContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
}

const { attempts, states } = stateModels.miningCall;

// A task that is behind is one of a source; the rest wait for the next run.
const MAX_TASKS = 200;
// A function that calls a module ends some seconds after the module's time is over.
const MARGIN_SECONDS = 60;

const LOST = `(
  c.state = 'ENQUEUED' and coalesce(c.enqueued_at, '-infinity') < $2
  or c.state = 'RUNNING' and c.started_at + (${runSeconds("t")} + ${MARGIN_SECONDS}) * $4::float8 * interval '1 second' < $1)`;

// Locks the tasks first, as everything does that changes calls; passes over those that are at work this moment. Reads
// scheduled_task_open_idx and mining_call_open_idx.
const SET_GOING_AGAIN = `
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
      ) as seen
  ), again as (
    update pipeline.mining_call c
       set state = 'ENQUEUED', enqueued_at = $1, runs_alone = lost.alone,
           attempt = c.attempt - (lost.died and not c.runs_alone)::int,
           error_type = case when lost.died then 'ProcessDied' else c.error_type end,
           error_text = case when lost.died then '${PROCESS_DIED}' else c.error_text end
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

/** Sets mining calls going again whose tasks got lost, or whose process died; fails those that were tried too often. */
export async function sweepCalls(
  { db, enqueue }: SweepCallsContext,
  patience: Patience,
): Promise<{ callsAgain: number; callsFailed: number }> {
  const { now, factor } = patience;
  const lost = await selectRows(db, lostCall, SET_GOING_AGAIN, [
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
      errorType: died ? "ProcessDied" : "Lost",
      errorText: died
        ? `${PROCESS_DIED}; tried ${attempts} times`
        : `Tried ${attempts} times, and it never ended`,
    }));
    await finishCalls(db, { taskId, attempt: calls[0]?.attempts, results, now });
  }
  return { callsAgain: again.length, callsFailed: lost.length - again.length };
}

// Where a page got lost, what comes after the last company that has a call; where all pages are there, calls wait for
// places that nobody gives them. Reads scheduled_task_open_idx, and the last call of a task by its key.
const SILENT_TASKS = `
  select t.task_id, t.attempts, coalesce(run.fanned_out, false) as fanned_out,
         coalesce((select max(c.company_id) from pipeline.mining_call c where c.task_id = t.task_id), 0) as last
    from scheduled_task t
    left join pipeline.task_run run on run.task_id = t.task_id
   where t.status = 'PROCESSING'
     and greatest(t.started_at, run.last_seen_at) < $1
     and (not coalesce(run.fanned_out, false)
          or exists (select from pipeline.mining_call c where c.task_id = t.task_id and c.state = 'WAITING'))
   order by t.task_id
   limit ${MAX_TASKS}`;

const silentTask = z.object({ task_id: z.int(), attempts: z.int(), fanned_out: z.boolean(), last: z.int() });

const SILENT_SECONDS = 5 * 60;

/** Goes on with scheduled tasks one of whose pages got lost, or whose calls wait for places that are free. */
export async function sweepTasks(
  { db, enqueue }: SweepCallsContext,
  patience: Patience,
): Promise<{ tasksAgain: number }> {
  const { now } = patience;
  const silent = await selectRows(db, silentTask, SILENT_TASKS, [overdueBefore(patience, SILENT_SECONDS)]);
  await enqueue(
    "mineSource",
    silent.map(({ task_id: taskId, attempts: attempt, fanned_out: isFannedOut, last }) => {
      const task = isFannedOut
        ? releaseTask({ taskId, attempt }, now)
        : mineSourceTask({ taskId, attempt, after: last });
      return { ...task, id: `${task.id}-again-${now.getTime()}` };
    }),
  );
  return { tasksAgain: silent.length };
}

/** Lets the probes of sources that are down through, as the tick does. */
export async function sweepProbes(
  { db, enqueue }: SweepCallsContext,
  { now }: Patience,
): Promise<{ probes: number }> {
  const probes = await dueProbes(db, now);
  await enqueue("mineSource", probes);
  return { probes: probes.length };
}
