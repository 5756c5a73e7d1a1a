-- What only this backend needs.
create schema if not exists pipeline;

-- How far the current attempt of a scheduled task has come. last_seen_at is its sign of life: a task is overdue
-- when it has been silent for longer than its max_run_seconds.
create table pipeline.task_run (
  task_id integer primary key references public.scheduled_task (task_id) on update cascade on delete cascade,
  last_seen_at timestamp(3) not null,
  fanned_out boolean not null default false
);

create type pipeline.call_state as enum ('WAITING', 'ENQUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED');

-- One company of one scheduled task. company_id is null for a source that names its companies itself (a CRM).
-- A succeeded call may carry an error: what the module reported although its data arrived.
create table pipeline.mining_call (
  id bigint generated always as identity primary key,
  task_id integer not null references public.scheduled_task (task_id) on update cascade on delete cascade,
  company_id integer references public.company (id) on update cascade on delete cascade,
  state pipeline.call_state not null default 'WAITING',
  attempt integer not null default 0,
  started_at timestamp(3),
  ended_at timestamp(3),
  error_type text,
  error_text text
);
create unique index mining_call_task_id_company_id_key
  on pipeline.mining_call (task_id, company_id) nulls not distinct;
-- "Is anything still open, and what comes next?" without reading the calls that are final.
create index mining_call_open_idx
  on pipeline.mining_call (task_id, state, id) where state in ('WAITING', 'ENQUEUED', 'RUNNING');
create index mining_call_company_id_idx on pipeline.mining_call (company_id);

-- Where a built-in module went on from last time, per company.
create table pipeline.mining_cursor (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  cursor text not null,
  modified_at timestamp(3) not null,
  primary key (data_source_id, company_id)
);

-- Which company a domain belongs to: two CRM imports that name the same domain at once meet here.
create table pipeline.company_domain (
  domain text primary key,
  company_id integer not null references public.company (id) on update cascade on delete cascade
);
create index company_domain_company_id_idx on pipeline.company_domain (company_id);

create type pipeline.raw_document_state as enum ('NORMALIZED', 'FAILED');

-- What became of a raw document. A document without a row has not been normalized yet. Where it failed, what it
-- does not say (its source, its company, its times) is null; the path always names the source.
create table pipeline.raw_document (
  id text primary key,
  path text not null,
  data_source_id integer references public.data_source (id) on update cascade on delete cascade,
  company_id integer references public.company (id) on update cascade on delete cascade,
  task_id integer,
  observed_at timestamp(3),
  received_at timestamp(3),
  map_version integer,
  state pipeline.raw_document_state not null,
  reason text,
  value_count integer not null default 0,
  issue_count integer not null default 0,
  normalized_at timestamp(3) not null,
  check (case state
    when 'FAILED' then reason is not null
    when 'NORMALIZED' then num_nulls(data_source_id, company_id, observed_at, received_at, map_version) = 0
  end)
);
create index raw_document_source_idx on pipeline.raw_document (data_source_id, company_id, observed_at);
create index raw_document_failed_idx on pipeline.raw_document (normalized_at) where state = 'FAILED';
create index raw_document_company_id_idx on pipeline.raw_document (company_id);

-- A value that did not fit its type: kept in words, next to the document that has it in full.
create table pipeline.normalization_issue (
  raw_document_id text not null references pipeline.raw_document (id) on update cascade on delete cascade,
  path text not null,
  expected text not null,
  received text not null,
  primary key (raw_document_id, path, expected)
);

-- Per source and map version: the fields that came, and those that the map names. A field that came and is not
-- mapped, or is mapped and never came, is a finding for whoever keeps the map.
create table pipeline.map_field (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  map_version integer not null,
  path text not null,
  is_mapped boolean not null,
  first_seen_in text,
  primary key (data_source_id, map_version, path)
);

create view pipeline.map_finding as
  select data_source_id, map_version, path,
         case when is_mapped then 'NEVER_CAME' else 'NOT_MAPPED' end as finding,
         first_seen_in
    from pipeline.map_field
   where is_mapped = (first_seen_in is null);
