import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { isSettled, listOpen, openWork } from "../stack/openWork.ts";
import type { Query } from "../stack/query.ts";
import type { Stack } from "../stack/stack.ts";
import { UserError } from "../userError.ts";
import { type EnteredSource, growHistory } from "./input/enter.ts";
import type { Progress } from "./progress.ts";
import type { Wiring } from "./wiring.ts";

/** What feeding takes. */
export interface Feeding {
  readonly stack: Stack;
  readonly wiring: Wiring;
  readonly query: Query;
  readonly progress: Progress;
  readonly sources: readonly EnteredSource[];
  /** When it is given up. */
  readonly deadline: number;
  readonly report: (text: string) => void;
}

const LOOK_EVERY_MS = 250;
// A run calls every company of its source: it is worth waiting for those whose last document is still on its way, but
// not for long for the few that wait for the sweeper.
const WAIT_FOR_ALL_MS = 2_000;
const WAIT_FOR_MOST_MS = 10_000;

/**
 * Runs the sources, one after another run of each, until every document is done with and everything that follows from
 * them has come to its end.
 */
export async function feedAll(feeding: Feeding): Promise<void> {
  const { progress, query, sources, deadline, report } = feeding;
  const idleSince = new Map<string, number>();
  for (;;) {
    await progress.look(query);
    const left = sources.filter((source) => !progress.isDone(source));
    const open = await openWork(query);
    report(`${progress.total} documents, ${open.deliveries} messages on their way`);
    if (left.length === 0 && isSettled(open) && isQuiet(feeding)) return;
    for (const source of left) await startNextRun(feeding, source, idleSince);
    if (performance.now() > deadline) throw new NotSettledError(left, await listOpen(query));
    await setTimeout(LOOK_EVERY_MS);
  }
}

/** The time was over before everything was done with. */
class NotSettledError extends UserError {
  constructor(left: readonly EnteredSource[], open: readonly string[]) {
    const names = left.map(({ name }) => name).join(", ");
    super(
      `The time was over before everything was done with: give it more --minutes, or look into what stands still.\n` +
        `Sources with documents to come: ${names || "none"}. Not ended:\n  ${open.join("\n  ") || "nothing"}`,
    );
  }
}

function isQuiet({ wiring }: Feeding): boolean {
  return wiring.tasks.held() === 0 && wiring.events.held() === 0;
}

// One run of a source at a time. The tick plans each source's first run, all others are asked for as users do.
const ASK_FOR_RUN = `
  insert into scheduled_task (data_source_id, schedule_type, status, scheduled_at, attempts, max_run_seconds)
  select id, 'ON_DEMAND', 'PENDING', now() at time zone 'utc', 0, max_run_seconds
    from data_source
   where id = $1
     and exists (select from scheduled_task where data_source_id = $1)
     and not exists (
       select from scheduled_task
        where data_source_id = $1 and status in ('PENDING', 'PROCESSING') and scheduled_at <= now() at time zone 'utc')
  returning task_id as task`;

const RUNNING = `
  select task_id as task from scheduled_task
   where data_source_id = $1 and status in ('PENDING', 'PROCESSING') and scheduled_at <= now() at time zone 'utc'`;

const taskRow = z.object({ task: z.int() });

async function startNextRun(
  { stack, query, progress }: Feeding,
  source: EnteredSource,
  idleSince: Map<string, number>,
): Promise<void> {
  const { id, name } = source;
  if ((await query(taskRow, RUNNING, [id])).length > 0) {
    idleSince.delete(name);
    return;
  }
  const since = idleSince.get(name) ?? performance.now();
  idleSince.set(name, since);
  const { ready, waiting } = readiness(progress, source);
  const patienceMs = waiting === 0 ? 0 : ready > 2 * waiting ? WAIT_FOR_ALL_MS : WAIT_FOR_MOST_MS;
  if (ready === 0 || performance.now() - since < patienceMs) return;
  await growHistory(stack.blobDir, source, progress);
  await query(taskRow, ASK_FOR_RUN, [id]);
  // What cannot be started now is started by the next tick.
  await fetch(new URL("/schedule", stack.baseUrl), { method: "POST" }).catch(() => undefined);
}

/** Of how many companies the next document can come, and of how many the last one is still on its way. */
function readiness(
  progress: Progress,
  { name, companies }: EnteredSource,
): { ready: number; waiting: number } {
  const next = companies.map((company) => ({ company, number: progress.next(name, company.name) }));
  return {
    ready: next.filter(({ company, number }) => number !== undefined && number < company.documents.length)
      .length,
    waiting: next.filter(({ number }) => number === undefined).length,
  };
}
