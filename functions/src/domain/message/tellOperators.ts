import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import { type Task, taskId } from "../../platform/taskQueue.ts";

/** Something that operators have to know. No secrets, no personal data: it goes out by email. */
export interface OperatorNotice {
  /** What happened, and when: the same key is told once. */
  readonly key: string;
  /** One line. */
  readonly subject: string;
  /** What it means and what to do; an empty line between paragraphs. */
  readonly body: string;
}

export const operatorNoticePayload = z.object({ noticeId: z.int().positive() });

/** The task of the queue `sendOperatorNotice` that sends a notice. */
export function operatorNoticeTask(noticeId: number): Task {
  const payload: z.output<typeof operatorNoticePayload> = { noticeId };
  return { id: taskId("notice", noticeId), payload };
}

const told = z.object({ id: z.coerce.number() });

const TELL = `
  insert into pipeline.operator_notice (key, subject, body, created_at, send_after) values ($1, $2, $3, $4, $4)
  on conflict (key) do nothing
  returning id`;

/**
 * Has the operators told, in the transaction of what they are told of.
 *
 * @returns the task to enqueue on `sendOperatorNotice` once the transaction is committed, where this was not told
 *   before. One that gets lost, or is not enqueued, is enqueued by the sweeper.
 */
export async function tellOperators(
  connection: Database,
  { key, subject, body }: OperatorNotice,
  now: Date,
): Promise<Task[]> {
  const row = await selectRow(connection, told, TELL, [key, subject, body, now]);
  return row === undefined ? [] : [operatorNoticeTask(row.id)];
}
