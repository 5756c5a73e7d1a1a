import { userInfo } from "node:os";
import type { z } from "zod";
import type { OperationContext } from "../../../functions/src/stages/operate/ops/operation.ts";
import { UserError } from "../../userError.ts";
import { usePipeline } from "../pipeline.ts";

/** Whether a result is printed for programs or for people. */
export interface Printed {
  readonly json: boolean;
}

/** The database of the running stack, or of the environment. */
export async function operatedDatabase() {
  await usePipeline();
  const { database } = await import("../../../functions/src/platform/postgres.ts");
  return database();
}

/**
 * Makes a change as the function `ops` does, recorded under this login.
 *
 * @param unit what the progress counts
 * @throws UserError if it is refused
 */
export async function operate<T extends object>(
  operation: string,
  input: object,
  work: (context: OperationContext) => Promise<T>,
  unit = "tasks",
): Promise<T> {
  const db = await operatedDatabase();
  const { enqueueTasks } = await import("../../../functions/src/platform/taskQueue.ts");
  const { recordedOperation } = await import("../../../functions/src/stages/operate/ops/operation.ts");
  let enqueued = 0;
  const context = {
    db,
    enqueue: enqueueTasks,
    operator: `command:${userInfo().username}`,
    now: new Date(),
    onProgress: (done: number) => {
      enqueued += done;
      console.error(`${enqueued} ${unit} enqueued`);
    },
  };
  return refusalsTold(() => recordedOperation(context, operation, input, () => work(context)));
}

/** Turns a refusal of the pipeline into an error message of the command. */
export async function refusalsTold<T>(work: () => Promise<T>): Promise<T> {
  const { ApiError } = await import("../../../functions/src/platform/apiError.ts");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const details = (error.details ?? []).map(({ path, message }) => `\n  ${path && `${path}: `}${message}`);
    throw new UserError(`${error.message}.${details.join("")}`, { cause: error });
  }
}

/** Validates a command's options with the same schema as the function `ops`. @throws UserError */
export async function accepted<S extends z.ZodType>(schema: S, said: unknown): Promise<z.output<S>> {
  const { accept } = await import("../../../functions/src/platform/http.ts");
  return refusalsTold(async () => accept(schema, said));
}

/** Formats a time (UTC). */
export function shownTime(at: Date | null): string {
  return at === null ? "" : at.toISOString().slice(0, 16).replace("T", " ");
}

/** Formats an age. */
export function shownAge(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
