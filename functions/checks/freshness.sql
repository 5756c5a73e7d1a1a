-- title: Sources deliver new documents
-- severity: warn
-- means: An active source has delivered no usable document for more than twice its frequency, although its runs succeed.
-- do: Check the module's answers and log: it reports success without feeding anything. If the source rarely has anything
--   new, lower its frequency.
--
-- Sources that are paused are left out, and runs of the last hour, whose documents may be on their way. Reads
-- scheduled_task_source_idx, mining_call_task_id_company_id_key and raw_document_changed_idx for each source.
select source.id as data_source_id, lower(source.frequency::text) as frequency,
       (select document.received_at from pipeline.raw_document document
         where document.data_source_id = source.id
           and document.state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM')
         order by document.state_since desc
         limit 1) as newest_document_at
  from public.data_source source
 cross join lateral (
   select $1::timestamp(3) - 2 * case source.frequency
            when 'HOURLY' then interval '1 hour'
            when 'DAILY' then interval '1 day'
            when 'WEEKLY' then interval '7 days'
            when 'MONTHLY' then interval '1 month'
          end as stale
 ) as before
 where source.is_active
   and source.created_at < before.stale
   and not exists (
     select from pipeline.source_pause pause
      where pause.data_source_id = source.id and pause.lifted_at is null)
   and exists (
     select from public.scheduled_task run
      where run.data_source_id = source.id
        and run.scheduled_at > before.stale - interval '1 day'
        and run.status = 'SUCCESS' and run.ended_at > before.stale
        and run.ended_at < $1::timestamp(3) - interval '1 hour'
        and exists (
          select from pipeline.mining_call call where call.task_id = run.task_id and call.state = 'SUCCEEDED'))
   and not exists (
     select from pipeline.raw_document document
      where document.data_source_id = source.id
        and document.state_since > before.stale and document.received_at > before.stale
        and document.state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM'))
