import { z } from "zod";
import { stateModels } from "../../domain/state/stateModels.ts";
import { overdueBefore, type Patience, type SweepContext } from "../../domain/upkeep/upkeep.ts";
import { ApiError } from "../../platform/apiError.ts";
import type { Reply } from "../../platform/http.ts";
import { type Database, selectRows } from "../../platform/postgres.ts";
import { type EnqueueTasks, type Task, taskId } from "../../platform/taskQueue.ts";

/** What the web application asks of a source's module. The queue `askModule` has a task for each run of it. */
export const moduleRequestPayload = z.object({
  sourceId: z.int(),
  kind: z.enum(["HANDSHAKE", "CRM_IMPORT"]),
  run: z.int(),
});

export type ModuleRequestPayload = z.output<typeof moduleRequestPayload>;

type RequestKind = ModuleRequestPayload["kind"];

const requestRow = z.object({
  sourceId: z.int(),
  run: z.int(),
  state: z.enum(["WAITING", "RUNNING", "SUCCEEDED", "FAILED"]),
  result: z.unknown(),
  errorType: z.string().nullable(),
});

/** How a request stands. */
export type ModuleRequest = z.output<typeof requestRow>;

interface AskContext {
  readonly db: Database;
  readonly enqueue: EnqueueTasks;
  readonly clock: () => Date;
  readonly pause: (milliseconds: number) => Promise<unknown>;
}

interface Asked {
  readonly kind: RequestKind;
  readonly sourceIds: readonly number[];
  /** The user in whose name; one who is not there counts as nobody. */
  readonly askedBy?: number;
  /** When the caller's request came in. */
  readonly now: Date;
}

/** How long a caller waits: Hosting ends a request after 60 s, and a cold start takes some of them. */
export const ANSWER_SECONDS = 50;

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1000;

/**
 * Has the modules of sources asked, and waits for how it ends. Calls at the same time share one run. An outcome that no
 * caller was there for is the answer to the next call.
 *
 * @returns one for each source that is still there; undefined where one has not ended in time. It goes on by itself.
 */
export async function askModules(
  { db, enqueue, clock, pause }: AskContext,
  { kind, sourceIds, askedBy, now }: Asked,
): Promise<readonly ModuleRequest[] | undefined> {
  await db.query(OPEN, [sourceIds, kind, askedBy ?? null, now]);
  let requests = await selectRows(db, requestRow, READ, [sourceIds, kind]);
  // Whoever opened a run may have died before it was enqueued.
  const waiting = requests.filter(({ state }) => state === "WAITING");
  await enqueue(
    "askModule",
    waiting.map(({ sourceId, run }) => askModuleTask({ sourceId, kind, run })),
  );
  const deadline = now.getTime() + ANSWER_SECONDS * 1000;
  for (let wait = FIRST_PAUSE_MS; !requests.every(hasEnded); wait = Math.min(2 * wait, LAST_PAUSE_MS)) {
    if (clock().getTime() + wait > deadline) return undefined;
    await pause(wait);
    requests = await selectRows(db, requestRow, READ, [sourceIds, kind]);
  }
  const runs = requests.map(({ run }) => run);
  await db.query(GIVE, [requests.map(({ sourceId }) => sourceId), kind, runs, clock()]);
  return requests;
}

/** The answer to a caller whose time is over. parma-web takes it for a failure, and its user may ask again. */
export const NOT_YET: Reply = {
  status: 202,
  body: {
    state: "RUNNING",
    message: "The module has not answered yet. Send the same request again for the result.",
  },
};

/** The error type of a failure that is not the module's. */
export const INTERNAL_ERROR = "InternalError";

/** What a caller is told of a request that failed: anyone may read it, so nothing that the module said. */
export function moduleFailed(request: ModuleRequest | undefined, message: string): ApiError {
  if (request?.errorType === INTERNAL_ERROR) {
    return new ApiError("internal", "Something went wrong on our side; the log has the reason");
  }
  return new ApiError("module_failed", message);
}

function hasEnded({ state }: ModuleRequest): boolean {
  return state === "SUCCEEDED" || state === "FAILED";
}

function askModuleTask(payload: ModuleRequestPayload): Task {
  const { kind, sourceId, run } = payload;
  return { id: taskId("ask", kind, sourceId, run), payload };
}

// All by module_request_data_source_id_kind_key. In the order of sources, so that two callers wait for each other rather
// than for ever.
const OPEN = `
  insert into pipeline.module_request as request (data_source_id, kind, asked_by, requested_at)
  select source.id, $2::text::pipeline.module_request_kind, (select id from "user" where id = $3), $4
    from data_source source
   where source.id = any ($1)
   order by source.id
  on conflict (data_source_id, kind) do update
     set run = request.run + 1, state = 'WAITING', asked_by = excluded.asked_by,
         requested_at = excluded.requested_at, attempt = 0, started_at = null, ended_at = null, answered_at = null,
         result = null, error_type = null, error_text = null
   where request.state in ('SUCCEEDED', 'FAILED')
     and (request.answered_at is not null or request.ended_at < $4::timestamp - interval '1 hour')`;

const READ = `
  select data_source_id as source_id, run, state::text, result, error_type
    from pipeline.module_request
   where data_source_id = any ($1::int[]) and kind = $2::text::pipeline.module_request_kind`;

const GIVE = `
  update pipeline.module_request request
     set answered_at = $4
    from unnest($1::int[], $3::int[]) as given (source_id, run)
   where request.data_source_id = given.source_id and request.kind = $2::text::pipeline.module_request_kind
     and request.run = given.run and request.answered_at is null`;

const { WAITING, RUNNING } = stateModels.moduleRequest.states;

// A row for each source and kind.
const LOST = `
  select data_source_id as source_id, kind::text, run
    from pipeline.module_request
   where state = 'WAITING' and coalesce(started_at, requested_at) < $1 or state = 'RUNNING' and started_at < $2`;

/** Sets requests going again whose task got lost, or whose process died. */
export async function sweepModuleRequests(
  { db, enqueue }: SweepContext,
  patience: Patience,
): Promise<{ moduleRequestsAgain: number }> {
  const lost = await selectRows(db, moduleRequestPayload, LOST, [
    overdueBefore(patience, WAITING.lastsAtMost),
    overdueBefore(patience, RUNNING.lastsAtMost),
  ]);
  await enqueue(
    "askModule",
    lost.map((payload) => {
      const task = askModuleTask(payload);
      return { ...task, id: `${task.id}-again-${patience.now.getTime()}` };
    }),
  );
  return { moduleRequestsAgain: lost.length };
}
