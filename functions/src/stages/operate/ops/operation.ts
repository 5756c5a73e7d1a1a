import { z } from "zod";
import { errorText } from "../../../platform/errorText.ts";
import { logEvent } from "../../../platform/log.ts";
import { selectRow, type TransactionalDatabase } from "../../../platform/postgres.ts";
import type { EnqueueTasks, Task } from "../../../platform/taskQueue.ts";

/** What an operation works with, and whose it is. */
export interface OperationContext {
  readonly db: TransactionalDatabase;
  readonly enqueue: EnqueueTasks;
  /** Who has it done: `user:<uid>`, `service:<email>`, `emulator`, or `command:<login>`. */
  readonly operator: string;
  readonly now: Date;
  /** Is told how much of long work is done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

const begunRow = z.object({ id: z.coerce.number() });

const BEGIN = `
  insert into pipeline.operation (operation, operator, input, started_at) values ($1, $2, $3, $4) returning id`;
const END = "update pipeline.operation set ended_at = $2, result = $3, error = $4 where id = $1";

/**
 * Does what changes something, and keeps who had it done: in pipeline.operation, before it is done, and in the log.
 *
 * @param input what was asked for
 * @throws what the work throws
 */
export async function recordedOperation<T extends object>(
  { db, operator, now }: Pick<OperationContext, "db" | "operator" | "now">,
  operation: string,
  input: object,
  work: () => Promise<T>,
): Promise<T> {
  const begun = await selectRow(db, begunRow, BEGIN, [operation, operator, JSON.stringify(input), now]);
  const end = async (result: object | null, error: string | null) => {
    await db.query(END, [begun?.id, new Date(), result === null ? null : JSON.stringify(result), error]);
    logEvent("operated", {
      operation,
      operator,
      operationId: begun?.id,
      state: error === null ? "DONE" : "FAILED",
    });
  };
  try {
    const result = await work();
    await end(result, null);
    return result;
  } catch (error) {
    await end(null, errorText(error));
    throw error;
  }
}

// Some seconds of Cloud Tasks.
const PAGE = 500;

/** Enqueues many tasks, and tells how far it has come. */
export async function enqueueInPages(
  { enqueue, onProgress }: Pick<OperationContext, "enqueue" | "onProgress">,
  queue: string,
  tasks: readonly Task[],
): Promise<void> {
  for (let start = 0; start < tasks.length; start += PAGE) {
    const page = tasks.slice(start, start + PAGE);
    await enqueue(queue, page);
    onProgress?.(page.length);
  }
}
