import { AsyncLocalStorage } from "node:async_hooks";

/** Ids and numbers to find a line by: task, company, raw document. Never secrets, names or contents. */
export type LogIds = Readonly<Record<string, LogValue>>;
export type LogValue = string | number | boolean | null | undefined;

const context = new AsyncLocalStorage<Record<string, LogValue>>();

/** Does `work`; all its log lines carry these ids in addition to the present ones. */
export function withLogIds<T>(ids: LogIds, work: () => T): T {
  return context.run({ ...context.getStore(), ...ids }, work);
}

/** Does something without the ids of the work during which it was started. */
export function withoutLogIds<T>(work: () => T): T {
  return context.exit(work);
}

/** Adds ids to all further log lines of the current work. */
export function addLogIds(ids: LogIds): void {
  const current = context.getStore();
  if (current !== undefined) Object.assign(current, ids);
}

/** The ids of the current work. */
export function currentLogIds(): LogIds {
  return context.getStore() ?? {};
}

/** The task header that carries the correlation of the code that enqueued it. */
export const CORRELATION_HEADER = "x-parma-correlation";

/**
 * Shared by all log lines about one run of a source, from the tick to the message: its scheduled task, or the raw
 * document if it was fed without one.
 */
export function correlationOf({ taskId, documentId }: { taskId?: unknown; documentId?: unknown }) {
  if (typeof taskId === "number") return `task-${taskId}`;
  return typeof documentId === "string" ? `document-${documentId}` : undefined;
}
