import type { Database } from "../../platform/postgres.ts";

// A source runs at its created_at plus whole multiples of its frequency, so every tick computes the same slots and
// concurrent ticks meet in scheduled_task_data_source_id_slot_key. Months are counted from the first slot, so that the
// 31st does not drift to the 28th. Besides the slots of the next 24 hours, it plans the current one, unless the source
// has run since (after a change of frequency, or a time in which it was inactive); that look-up reads
// scheduled_task_source_idx. Planned slots are filtered out before the insert (by the slot key), because each conflict
// would use up a task_id of an integer column. The order makes Postgres read everything before the first insert, so
// that no look-up goes through new rows.
const PLAN_TASKS = `
  insert into scheduled_task
    (data_source_id, schedule_type, scheduled_at, slot, status, attempts, max_run_seconds)
  select d.id, 'REGULAR', planned.slot, planned.slot, 'PENDING', 0, d.max_run_seconds
    from data_source d
    cross join lateral (
      select case d.frequency
               when 'HOURLY' then interval '1 hour'
               when 'DAILY' then interval '1 day'
               when 'WEEKLY' then interval '7 days'
               when 'MONTHLY' then interval '1 month'
             end as step
    ) as frequency
    cross join lateral (
      select case d.frequency
               when 'MONTHLY' then
                 12 * (extract(year from $1::timestamp(3)) - extract(year from d.created_at))
                 + extract(month from $1::timestamp(3)) - extract(month from d.created_at)
               else ceil(extract(epoch from $1::timestamp(3) - d.created_at) / extract(epoch from step))
             end::int as roughly
    ) as passed
    cross join lateral (
      select case when d.created_at + roughly * step > $1 then roughly - 1 else roughly end as current
    ) as number_of_runs
    cross join lateral (
      select coalesce(array_agg(there.slot), '{}') as slots
        from scheduled_task there
       where there.data_source_id = d.id and there.slot >= d.created_at + current * step
    ) as before
    cross join lateral (
      select d.created_at + number * step as slot from generate_series(current, current + 24) as number
    ) as planned
   where d.is_active
     and planned.slot <= $1::timestamp(3) + interval '24 hours'
     and planned.slot <> all (before.slots)
     and (
       planned.slot > $1
       or not exists (
         select from scheduled_task ran
          where ran.data_source_id = d.id
            -- A run on demand of a new source is its first one.
            and (ran.schedule_type = 'REGULAR' or planned.slot = d.created_at)
            and ran.scheduled_at between planned.slot and $1
       )
     )
   order by planned.slot, d.id
  on conflict (data_source_id, slot) do nothing`;

/** Plans the regular runs of all active sources for the next 24 hours. @returns how many were new */
export async function planTasks(connection: Database, now: Date): Promise<number> {
  const { rowCount } = await connection.query(PLAN_TASKS, [now]);
  return rowCount ?? 0;
}
