-- Whose fault a failure is: a company that worked before tells a source that is down from companies it does not know.

alter table pipeline.company_turn add column if not exists worked_at timestamp(3);
comment on column pipeline.company_turn.worked_at is 'when a call for the company last succeeded at the source';

update pipeline.company_turn turn
   set worked_at = worked.at
  from (
    select task.data_source_id, call.company_id, max(call.ended_at) as at
      from pipeline.mining_call call
      join public.scheduled_task task on task.task_id = call.task_id
     where call.state = 'SUCCEEDED' and call.company_id is not null
     group by 1, 2
  ) as worked
 where turn.data_source_id = worked.data_source_id and turn.company_id = worked.company_id
   and turn.worked_at is null;
create index if not exists company_turn_worked_idx
  on pipeline.company_turn (data_source_id, worked_at) where worked_at is not null;

-- Failures in a row of companies that never worked, all of one type. They count once one that worked fails the same way.
alter table pipeline.source_breaker add column if not exists suspect_failures integer not null default 0;
alter table pipeline.source_breaker add column if not exists suspect_type text;

-- Discoveries that found nothing. They are repeated after a time, on demand, or once the company has another name.
create table if not exists pipeline.failed_discovery (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  company_name text not null,
  reason text not null,
  failed_at timestamp(3) not null,
  primary key (data_source_id, company_id)
);
create index if not exists failed_discovery_company_id_idx on pipeline.failed_discovery (company_id);

-- Since when a module has asked to be called later. Being told to wait uses up no try.
alter table pipeline.mining_call add column if not exists told_to_wait_at timestamp(3);
