import { z } from "zod";
import { type Database, selectRow } from "../../platform/postgres.ts";
import type { Task } from "../../platform/taskQueue.ts";
import { deliverTask } from "./deliverTask.ts";

/** Something that operators have to know. No secrets, no personal data: it goes out by email. */
export interface OperatorNotice {
  /** What happened, and when: the same key is told once. */
  readonly key: string;
  /** One line. */
  readonly subject: string;
  /** What it means and what to do; an empty line between paragraphs. */
  readonly body: string;
}

const opened = z.object({ id: z.coerce.number() });

const TELL = `
  with operators as (
    insert into pipeline.destination as destination (kind) values ('OPERATORS')
    on conflict (kind) where kind = 'OPERATORS' do update set kind = destination.kind
    returning id
  ), notice as (
    insert into pipeline.notice (key, subject, body, created_at) values ($1, $2, $3, $4)
    on conflict (key) do nothing
    returning id
  )
  insert into pipeline.delivery (kind, destination_id, notice_id, send_after, created_at)
  select 'NOTICE'::pipeline.message_kind, operators.id, notice.id, $4, $4 from notice cross join operators
  returning id`;

/**
 * Has the operators told, in the transaction of what they are told of.
 *
 * @returns the task to enqueue on `deliver` once the transaction is committed; none if this was told before. The
 *   sweep enqueues one that is lost.
 */
export async function tellOperators(
  connection: Database,
  { key, subject, body }: OperatorNotice,
  now: Date,
): Promise<Task[]> {
  const row = await selectRow(connection, opened, TELL, [key, subject, body, now]);
  return row === undefined ? [] : [deliverTask(row.id, now, now)];
}
