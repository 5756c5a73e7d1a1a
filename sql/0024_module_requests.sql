-- What the web application asks of a source's module: its handshake, or the companies of a CRM. A task asks the module,
-- because that may take longer than a request may; whoever asked waits for the row to end, or comes again for it.
create type pipeline.module_request_kind as enum ('HANDSHAKE', 'CRM_IMPORT');
create type pipeline.module_request_state as enum ('WAITING', 'RUNNING', 'SUCCEEDED', 'FAILED');
create table pipeline.module_request (
  id bigint generated always as identity primary key,
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  kind pipeline.module_request_kind not null,
  -- Counts how often it was asked anew. One run at a time.
  run integer not null default 1,
  state pipeline.module_request_state not null default 'WAITING',
  asked_by integer references public."user" (id) on update cascade on delete set null,
  requested_at timestamp(3) not null,
  attempt integer not null default 0,
  started_at timestamp(3),
  ended_at timestamp(3),
  -- When the outcome was given to a caller. One that nobody has is the answer to the next call.
  answered_at timestamp(3),
  result jsonb,
  error_type text,
  error_text text,
  unique (data_source_id, kind),
  check ((state in ('SUCCEEDED', 'FAILED')) = (ended_at is not null)),
  check ((state = 'SUCCEEDED') = (result is not null)),
  check (state <> 'FAILED' or error_type is not null and error_text is not null)
);
-- When a user is deleted.
create index module_request_asked_by_idx on pipeline.module_request (asked_by) where asked_by is not null;

create trigger module_request_transition before update on pipeline.module_request
  for each row when (old.state is distinct from new.state and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('state', 'id');

-- What a CRM fed in the task that is no company, with the reasons: the first of them.
alter table pipeline.task_run add column refused text[] not null default '{}';
