import { z } from "zod";
import { type Database, selectRows } from "../../../platform/postgres.ts";

const countRow = z.object({
  source: z.string().nullable(),
  stage: z.enum(["schedule", "mine", "normalize", "analyze", "notify", "report"]),
  state: z.string(),
  count: z.coerce.number(),
});

/** How much work of a source is in a state. The source is null where it is of none, as of reports. */
export type WorkCount = z.output<typeof countRow>;

// Tasks by scheduled_task_source_idx and scheduled_task_open_idx; their calls by mining_call_task_id_company_id_key.
const TASKS_AND_CALLS = `
  with task as (
    select task_id, data_source_id, status from scheduled_task where status in ('PENDING', 'PROCESSING')
    union all
    select task.task_id, source.id, task.status
      from data_source source
      join scheduled_task task on task.data_source_id = source.id and task.scheduled_at >= $1
     where task.status in ('SUCCESS', 'FAILED')
  ), counted as (
    select data_source_id, 'schedule' as stage, status::text as state, count(*) from task group by 1, 3
    union all
    select task.data_source_id, 'mine', call.state::text, count(*)
      from task join pipeline.mining_call call using (task_id)
     group by 1, 3
  )
  select source_name as source, stage, state, count
    from counted join data_source on data_source.id = counted.data_source_id`;

// What is open by raw_document_open_idx, what failed by raw_document_failed_idx, what has ended by
// raw_document_changed_idx. RECEIVED is for stage 4 to do, NORMALIZED for stage 5.
const DOCUMENTS = `
  with document as (
    select data_source_id, state from pipeline.raw_document where state in ('RECEIVED', 'NORMALIZED')
    union all
    select data_source_id, state from pipeline.raw_document where state = 'FAILED' and removed_at is null
    union all
    select source.id, document.state
      from data_source source
      join pipeline.raw_document document
        on document.data_source_id = source.id and document.state_since >= $1
       and document.state in ('ANALYZED', 'DATA_PROBLEM')
  )
  select source_name as source,
         case when state in ('RECEIVED', 'FAILED') then 'normalize' else 'analyze' end as stage,
         state::text as state, count(*) as count
    from document left join data_source on data_source.id = document.data_source_id
   group by 1, 2, 3`;

// By delivery_open_idx and delivery_created_at_idx; sources by delivery_finding_delivery_idx and primary keys. A message
// that tells of several sources counts for each.
const DELIVERIES = `
  with delivery as (
    select id, kind, state from pipeline.delivery where state in ('PENDING', 'SENDING')
    union all
    select id, kind, state from pipeline.delivery
     where created_at >= $1 and state not in ('PENDING', 'SENDING')
  )
  select source.source_name as source,
         case delivery.kind when 'REPORT' then 'report' else 'notify' end as stage,
         delivery.state::text as state, count(distinct delivery.id) as count
    from delivery
    left join pipeline.delivery_finding link on link.delivery_id = delivery.id
    left join pipeline.finding on finding.id = link.finding_id
    left join news on news.id = finding.news_id
    left join data_source source on source.id = news.data_source_id
   group by 1, 2, 3`;

const STAGES = countRow.shape.stage.options;

/**
 * Counts the work by source, stage and state: all that waits or failed for good before it was analyzed, and of the rest
 * what ended (tasks and their calls: what was planned) since a time.
 */
export async function countWork(db: Database, since: Date): Promise<WorkCount[]> {
  const counts: WorkCount[] = [];
  for (const text of [TASKS_AND_CALLS, DOCUMENTS, DELIVERIES]) {
    counts.push(...(await selectRows(db, countRow, text, [since])));
  }
  return counts.toSorted(
    (a, b) =>
      (a.source ?? "").localeCompare(b.source ?? "") ||
      STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) ||
      a.state.localeCompare(b.state),
  );
}
