import { z } from "zod";
import type { Query } from "./query.ts";

const open = z.object({
  tasks: z.int(),
  calls: z.int(),
  documents: z.int(),
  comments: z.int(),
  deliveries: z.int(),
});

/** How much work of each kind is unfinished. */
type Open = z.output<typeof open>;

// Scores are requested at most twice; after that, a comment stays without one.
const OPEN = `
  select (select count(*)::int from scheduled_task
           where status not in ('SUCCESS', 'FAILED') and scheduled_at <= now() at time zone 'utc') as tasks,
         (select count(*)::int from pipeline.mining_call where ended_at is null) as calls,
         (select count(*)::int from pipeline.raw_document where state in ('RECEIVED', 'NORMALIZED')) as documents,
         (select count(*)::int from measurement_comment_value comment
           where sentiment_score is null
             and not exists (
               select from pipeline.analysis
                where analysis.raw_document_id = comment.raw_document_id
                  and comments_asked_again_at < now() at time zone 'utc' - interval '10 seconds')) as comments,
         (select count(*)::int from pipeline.delivery where state in ('PENDING', 'SENDING')) as deliveries`;

/** Counts unfinished work. */
export async function openWork(query: Query): Promise<Open> {
  const [found] = await query(open, OPEN);
  if (found === undefined) throw new Error("The counts of open work gave no row");
  return found;
}

export function isSettled(work: Open): boolean {
  return Object.values(work).every((count) => count === 0);
}

const LISTED = 30;

const LIST = `
  select concat_ws(' ', 'task', task_id, status, 'attempt', attempts) as open
    from scheduled_task
   where status not in ('SUCCESS', 'FAILED') and scheduled_at <= now() at time zone 'utc'
  union all
  select concat_ws(' ', 'call', id, 'of task', task_id, state, 'attempt', attempt, error_text)
    from pipeline.mining_call where ended_at is null
  union all
  select concat_ws(' ', 'document', path, state, 'attempt', attempt, reason)
    from pipeline.raw_document where state in ('RECEIVED', 'NORMALIZED')
  union all
  select concat_ws(' ', 'delivery', id, state, 'attempt', attempt, 'due', send_after, error)
    from pipeline.delivery where state in ('PENDING', 'SENDING')
   limit ${LISTED}`;

/** Lists unfinished work. */
export async function listOpen(query: Query): Promise<string[]> {
  return (await query(z.object({ open: z.string() }), LIST)).map((row) => row.open);
}
