import { createHash } from "node:crypto";
import { configure } from "safe-stable-stringify";
import type { RawObject, RawValue } from "./losslessJson.ts";

/** What makes a raw answer the one that it is. */
export interface RawAnswer {
  readonly sourceId: number;
  readonly companyId: number;
  readonly rawData: RawObject;
  readonly observedAt?: Date | undefined;
  readonly taskId?: number | undefined;
  /** Set where it was fed too late, by which attempt of the task. */
  readonly lateAttempt?: number | undefined;
  readonly receivedAt: Date;
}

/**
 * The id of a raw answer's document: the same answer, fed again, is the same document.
 *
 * How far "again" reaches depends on what is known. An answer that says when it was observed is that observation
 * for ever. Else it belongs to its mining task: a retry repeats it, while the next task's answer is a new
 * observation even where nothing has changed. Without either, it is one observation a day. One that was fed too late
 * is a document of its own, so that it does not stand in the way of the next attempt's.
 */
export function rawDocumentId({ sourceId, companyId, rawData, ...when }: RawAnswer): string {
  const hash = createHash("sha256");
  hash.update(`${sourceId}\n${companyId}\n${scope(when)}\n`);
  hash.update(canonicalJson(rawData));
  return hash.digest("base64url");
}

function scope({
  observedAt,
  taskId,
  lateAttempt,
  receivedAt,
}: Pick<RawAnswer, "observedAt" | "taskId" | "lateAttempt" | "receivedAt">): string {
  if (lateAttempt !== undefined) return `late ${taskId} ${lateAttempt}`;
  if (observedAt !== undefined) return `observed ${observedAt.toISOString()}`;
  if (taskId !== undefined) return `task ${taskId}`;
  return `day ${receivedAt.toISOString().slice(0, 10)}`;
}

const stringify = configure({ bigint: true, deterministic: true, circularValue: Error });

/** JSON text that is the same for values that are equal: fields sorted by code units, no white space, every digit kept. */
export function canonicalJson(value: RawValue): string {
  return stringify(value) ?? "null";
}
