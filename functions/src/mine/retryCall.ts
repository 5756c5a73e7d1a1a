import type { MineCompanyPayload } from "../miningCall/miningCall.ts";
import type { Database } from "../platform/postgres.ts";

// Both halves are primary key look-ups. A call that its module has reported meanwhile keeps that report.
const RETRY_CALL = `
  with call as (
    update pipeline.mining_call
       set state = 'ENQUEUED', ended_at = $5, error_type = $3, error_text = $4
     where id = $1 and state = 'RUNNING'
    returning task_id
  ), seen as (
    update pipeline.task_run set last_seen_at = $5 where task_id = $2
  )
  select from call`;

/**
 * Puts a call back for another try, with the reason. The end of a try is a sign of life of its task.
 *
 * @returns false where the call has ended meanwhile
 */
export async function retryCall(
  db: Database,
  { taskId }: MineCompanyPayload,
  failure: { callId: string; errorType: string; errorText: string; now: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(RETRY_CALL, [
    failure.callId,
    taskId,
    failure.errorType,
    failure.errorText.replaceAll("\0", "�"),
    failure.now,
  ]);
  return rowCount === 1;
}
