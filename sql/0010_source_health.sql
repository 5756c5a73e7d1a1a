-- Whether a source can be called, and how often it may be.

create type pipeline.breaker_state as enum ('CLOSED', 'OPEN', 'PROBING');

-- The circuit breaker of a source. It has no row before its first call ends. Its states are in
-- functions/src/state/stateModels.ts, what moves it in functions/src/sourceHealth/breaker.ts.
create table pipeline.source_breaker (
  data_source_id integer primary key references public.data_source (id) on update cascade on delete cascade,
  state pipeline.breaker_state not null default 'CLOSED',
  state_since timestamp(3) not null,
  consecutive_failures integer not null default 0,
  -- How the last calls ended, the oldest first: true for a failure of the source.
  recent_failures boolean[] not null default '{}',
  -- While it is not CLOSED: since when, how long it pauses between two probes, and when the next is due.
  down_since timestamp(3),
  pause_seconds integer,
  next_probe_at timestamp(3),
  probe_call_id bigint references pipeline.mining_call (id) on delete set null,
  last_error_type text,
  last_error_text text,
  last_error_at timestamp(3),
  check (num_nulls(down_since, pause_seconds, next_probe_at) = case state when 'CLOSED' then 3 else 0 end)
);
-- For the deletion of old calls.
create index source_breaker_probe_call_id_idx on pipeline.source_breaker (probe_call_id);

create trigger source_breaker_transition before update on pipeline.source_breaker
  for each row when (old.state is distinct from new.state and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('state', 'data_source_id');

-- How often a source's module was tried on a day (UTC), retries included. A try is counted in the statement that
-- begins it, so that the day's quota holds whoever else begins one.
create table pipeline.source_day (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  day date not null,
  calls integer not null,
  primary key (data_source_id, day)
);

-- How often a source may be called a day: null for a source without a quota.
create function pipeline.calls_per_day(additional_params jsonb) returns integer language sql immutable as $$
  select case when additional_params ->> 'calls_per_day' ~ '^[0-9]{1,9}$'
           then (additional_params ->> 'calls_per_day')::integer
         end
$$;

-- When a company last had its turn at a source, whatever came of it: a company that fails every time must not go
-- first every time.
create table pipeline.company_turn (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  turn_at timestamp(3) not null,
  primary key (data_source_id, company_id)
);
create index company_turn_company_id_idx on pipeline.company_turn (company_id);

-- The same, as it was when the task was fanned out: the order in which calls that wait get their places.
alter table pipeline.mining_call add column last_turn_at timestamp(3);
create index mining_call_waiting_idx
  on pipeline.mining_call (task_id, last_turn_at nulls first, id) where state = 'WAITING';
