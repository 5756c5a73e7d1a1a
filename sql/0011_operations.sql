-- What operators do, and the work that they ask for.

-- Everything that an operator changed, written before it is done: who, what, and what came of it.
create table pipeline.operation (
  id bigint generated always as identity primary key,
  operation text not null,
  operator text not null,
  input jsonb not null,
  started_at timestamp(3) not null,
  -- Null where the process ended before the operation did.
  ended_at timestamp(3),
  result jsonb,
  error text
);
create index operation_started_at_idx on pipeline.operation (started_at);

create type pipeline.backfill_mode as enum ('MINE', 'PROCESS');

-- A source's past, once more: mined again by a scheduled task of some of its companies, or its raw documents processed
-- again. What has become of it is in backfill_progress.
create table pipeline.backfill (
  id bigint generated always as identity primary key,
  mode pipeline.backfill_mode not null,
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  from_time timestamp(3) not null,
  -- Not itself in the range.
  to_time timestamp(3) not null,
  requested_by text not null,
  created_at timestamp(3) not null,
  -- Of MINE; null where the task was deleted.
  task_id integer unique references public.scheduled_task (task_id) on update cascade on delete set null,
  cancelled_at timestamp(3),
  cancelled_by text,
  check (from_time < to_time),
  check ((cancelled_at is null) = (cancelled_by is null))
);
create index backfill_data_source_id_idx on pipeline.backfill (data_source_id);

-- A company of it. Those of MINE are a list; of PROCESS, how far it has come: oldest document first, each in the
-- transaction that also moves this row on.
create table pipeline.backfill_company (
  backfill_id bigint not null references pipeline.backfill (id) on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  documents integer,
  replaced integer not null default 0,
  -- Those that wait for their first run, or that had failed, and run as new ones do.
  run_as_new integer not null default 0,
  failed integer not null default 0,
  -- The last document that is done.
  after_time timestamp(3),
  after_id text,
  -- How often the next one was begun, and why it did not end.
  attempt integer not null default 0,
  last_error text,
  last_seen_at timestamp(3),
  ended_at timestamp(3),
  primary key (backfill_id, company_id)
);
create index backfill_company_company_id_idx on pipeline.backfill_company (company_id);
-- For the sweeper: what is open stays few.
create index backfill_company_open_idx on pipeline.backfill_company (backfill_id, company_id)
  where documents is not null and ended_at is null;

-- A document that could not be processed again, and keeps its old values.
create table pipeline.backfill_failure (
  backfill_id bigint not null,
  company_id integer not null,
  raw_document_id text not null,
  reason text not null,
  primary key (backfill_id, company_id, raw_document_id),
  foreign key (backfill_id, company_id) references pipeline.backfill_company on update cascade on delete cascade
);

-- How far each backfill has come: counted in companies for MINE, in raw documents for PROCESS.
create view pipeline.backfill_progress as
  select backfill.id, backfill.mode, backfill.data_source_id, backfill.from_time, backfill.to_time,
         backfill.requested_by, backfill.created_at, backfill.task_id, backfill.cancelled_at, backfill.cancelled_by,
         case
           when backfill.cancelled_at is not null then 'CANCELLED'
           when backfill.mode = 'PROCESS' then case when companies.open > 0 then 'RUNNING' else 'DONE' end
           when task.status in ('PENDING', 'PROCESSING') then 'RUNNING'
           else 'DONE'
         end as state,
         companies.companies,
         -- The one call of a source that names its companies itself has none.
         case backfill.mode when 'PROCESS' then companies.documents else greatest(companies.companies, 1) end as total,
         case backfill.mode when 'PROCESS' then companies.replaced + companies.run_as_new else calls.succeeded end as done,
         case backfill.mode when 'PROCESS' then companies.failed else calls.failed end as failed,
         companies.run_as_new,
         case
           when backfill.cancelled_at is not null then backfill.cancelled_at
           when backfill.mode = 'MINE' then task.ended_at
           when companies.open = 0 then companies.ended_at
         end as ended_at
    from pipeline.backfill
    left join public.scheduled_task task on task.task_id = backfill.task_id
    cross join lateral (
      select count(*) as companies,
             count(*) filter (where company.ended_at is null) as open,
             coalesce(sum(company.documents), 0) as documents,
             coalesce(sum(company.replaced), 0) as replaced,
             coalesce(sum(company.run_as_new), 0) as run_as_new,
             coalesce(sum(company.failed), 0) as failed,
             max(company.ended_at) as ended_at
        from pipeline.backfill_company company
       where company.backfill_id = backfill.id
    ) companies
    cross join lateral (
      select count(*) filter (where call.state = 'SUCCEEDED') as succeeded,
             count(*) filter (where call.state in ('FAILED', 'SKIPPED')) as failed
        from pipeline.mining_call call
       where call.task_id = backfill.task_id
    ) calls;

-- The messages of the last hours, whatever became of them.
create index delivery_created_at_idx on pipeline.delivery (created_at);
