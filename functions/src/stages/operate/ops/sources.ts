import { z } from "zod";
import { pauseSources, resumeSource } from "../../../domain/miningCall/sourceHealth/sourcePause.ts";
import { ApiError } from "../../../platform/apiError.ts";
import { type Database, selectRows } from "../../../platform/postgres.ts";
import type { OperationContext } from "./operation.ts";

/** A source that was paused. */
export interface PausedSource {
  readonly source: string;
  /** False where this operator had paused it before. */
  readonly isNew: boolean;
}

/**
 * Pauses a source: no task of it is started, and its running one gets no more calls. What is under way ends, and what
 * was fed is processed.
 *
 * @throws ApiError 404 where there is no such source
 */
export async function pause(
  { db, operator, now }: OperationContext,
  { source: nameOrId, reason }: { readonly source: string; readonly reason: string },
): Promise<PausedSource> {
  const { id, name } = await findSource(db, nameOrId);
  const paused = await pauseSources(db, { sourceIds: [id], by: operator, reason }, now);
  return { source: name, isNew: paused.length > 0 };
}

/** A source that was resumed. */
export interface ResumedSource {
  readonly source: string;
  /** Whether a task was running, whose calls go on now. What else is due starts with the next tick. */
  readonly goesOn: boolean;
}

/**
 * Resumes a source, whoever paused it. A data check that paused it does so again only after it has passed once.
 *
 * @throws ApiError 404 where there is no such source
 */
export async function resume(
  { db, enqueue, operator, now }: OperationContext,
  { source: nameOrId }: { readonly source: string },
): Promise<ResumedSource> {
  const { id, name } = await findSource(db, nameOrId);
  const tasks = await db.transaction((connection) =>
    resumeSource(connection, { sourceId: id, by: operator }, now),
  );
  await enqueue("mineSource", tasks);
  return { source: name, goesOn: tasks.length > 0 };
}

const sourceRow = z.object({ id: z.int(), name: z.string(), additionalParams: z.unknown() });

/** A data source, as operators mean it. */
export type FoundSource = z.output<typeof sourceRow>;

// A name of digits comes before an id.
const FIND = `
  select id, source_name as name, additional_params from data_source
   where source_name = $1 or id::text = $1
   order by source_name = $1 desc, id
   limit 20`;

/** Finds a data source by its name or id. @throws ApiError 404; 409 where several have the name */
export async function findSource(db: Database, nameOrId: string): Promise<FoundSource> {
  const found = await selectRows(db, sourceRow, FIND, [nameOrId]);
  const namesakes = found.filter(({ name }) => name === nameOrId);
  if (namesakes.length > 1) {
    const ids = namesakes.map(({ id }) => id).join(", ");
    throw new ApiError(
      "conflict",
      `Several data sources are called ${nameOrId}: give the id of one of ${ids}`,
    );
  }
  const [source] = found;
  if (source === undefined) throw new ApiError("not_found", `There is no data source ${nameOrId}`);
  return source;
}
