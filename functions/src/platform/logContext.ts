import { AsyncLocalStorage } from "node:async_hooks";

/** Ids and numbers to find a line by: task, company, raw document … never secrets, names or contents. */
export type LogIds = Readonly<Record<string, LogValue>>;
export type LogValue = string | number | boolean | null | undefined;

const context = new AsyncLocalStorage<Record<string, LogValue>>();

/** Does `work`, all lines of which carry these ids beside those that are there. */
export function withLogIds<T>(ids: LogIds, work: () => T): T {
  return context.run({ ...context.getStore(), ...ids }, work);
}

/** Does what belongs to no work, and was only started during one. */
export function withoutLogIds<T>(work: () => T): T {
  return context.exit(work);
}

/** Has the lines of the work under way carry these ids from now on. */
export function addLogIds(ids: LogIds): void {
  const current = context.getStore();
  if (current !== undefined) Object.assign(current, ids);
}

/** The ids of the work under way. */
export function currentLogIds(): LogIds {
  return context.getStore() ?? {};
}

/** The header of a task that carries the correlation of who enqueued it. */
export const CORRELATION_HEADER = "x-parma-correlation";

/**
 * What all lines about one run of a source share, from the tick to the message: its scheduled task, or the raw
 * document that was fed without one.
 */
export function correlationOf({ taskId, documentId }: { taskId?: unknown; documentId?: unknown }) {
  if (typeof taskId === "number") return `task-${taskId}`;
  return typeof documentId === "string" ? `document-${documentId}` : undefined;
}
