-- The states of work, seen and enforced.

-- Which changes of state there are: written by `migrate` from functions/src/state/stateModels.ts, which is where to
-- change them.
create table pipeline.state_transition (
  work text not null,
  from_state text not null,
  to_state text not null,
  primary key (work, from_state, to_state)
);

-- Changes that were refused: each is a mistake in this backend, or one process that overtook another.
create table pipeline.refused_transition (
  id bigint generated always as identity primary key,
  work text not null,
  row_key text not null,
  from_state text not null,
  to_state text not null,
  refused_at timestamp(3) not null default (now() at time zone 'utc')
);
create index refused_transition_refused_at_idx on pipeline.refused_transition (refused_at);

-- The one function that every change of state goes through, in its transaction. A change that is not allowed does not
-- happen: the row stays as it is, and who changes it is told that no row was. Arguments: the column with the state, and
-- the one that names the row.
create function pipeline.check_transition() returns trigger language plpgsql as $$
declare
  changed text := tg_table_schema || '.' || tg_table_name;
  old_state text := to_jsonb(old) ->> tg_argv[0];
  new_state text := to_jsonb(new) ->> tg_argv[0];
  changed_key text := to_jsonb(old) ->> tg_argv[1];
begin
  if exists (
    select from pipeline.state_transition allowed
     where allowed.work = changed and from_state = old_state and to_state = new_state
  ) then
    return new;
  end if;
  insert into pipeline.refused_transition (work, row_key, from_state, to_state)
  values (changed, changed_key, old_state, new_state);
  raise warning 'Refused: % % may not go from % to %', changed, changed_key, old_state, new_state;
  return null;
end
$$;

-- A raw document has a row from the moment when its module was told that it is kept, and one state from there to its
-- end. One that stands in RECEIVED or NORMALIZED for long has lost its event.
drop index pipeline.raw_document_failed_idx, pipeline.raw_document_unanalyzed_idx, pipeline.raw_document_subject_idx;
alter table pipeline.raw_document drop constraint raw_document_check;
alter table pipeline.raw_document alter column state type text;
drop type pipeline.raw_document_state;
create type pipeline.raw_document_state as enum ('RECEIVED', 'NORMALIZED', 'ANALYZED', 'DATA_PROBLEM', 'FAILED');

update pipeline.raw_document document
   set state = analysis.state::text
  from pipeline.analysis
 where analysis.raw_document_id = document.id and document.is_analyzed;

alter table pipeline.raw_document drop column is_analyzed;
alter table pipeline.raw_document rename column normalized_at to state_since;
alter table pipeline.raw_document
  alter column state type pipeline.raw_document_state using state::pipeline.raw_document_state,
  -- How often it was set going again in its state, and when last.
  add column attempt integer not null default 0,
  add column last_tried_at timestamp(3),
  add constraint raw_document_check check (case
    when state = 'FAILED' then reason is not null
    when state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM') then
      num_nulls(data_source_id, company_id, observed_at, received_at, map_version) = 0
    else true
  end);
create index raw_document_failed_idx on pipeline.raw_document (state_since) where state = 'FAILED';
-- For the sweeper: what is open stays few.
create index raw_document_open_idx on pipeline.raw_document (state_since) where state in ('RECEIVED', 'NORMALIZED');
-- The documents of a company at a source that wait for their analysis, the oldest first.
create index raw_document_unanalyzed_idx
  on pipeline.raw_document (data_source_id, company_id, observed_at, id) where state = 'NORMALIZED';
create index raw_document_subject_idx
  on pipeline.raw_document (data_source_id, company_id, subject, observed_at)
  where state in ('ANALYZED', 'DATA_PROBLEM');

-- A document whose comments were to be scored, and whether the sweeper has asked for it again.
alter table pipeline.analysis add column comments_asked_again_at timestamp(3);
create index analysis_comments_idx on pipeline.analysis (analyzed_at)
  where comment_count > 0 and comments_asked_again_at is null;

-- Calls that the day's quota left out; and since when a call is in the queue.
drop index pipeline.mining_call_open_idx;
alter table pipeline.mining_call alter column state drop default, alter column state type text;
drop type pipeline.call_state;
create type pipeline.call_state as enum ('WAITING', 'ENQUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED');
alter table pipeline.mining_call
  alter column state type pipeline.call_state using state::pipeline.call_state,
  alter column state set default 'WAITING',
  add column enqueued_at timestamp(3);
create index mining_call_open_idx
  on pipeline.mining_call (task_id, state, id) where state in ('WAITING', 'ENQUEUED', 'RUNNING');

-- Only what this backend does is held against the states (its connections set parma.enforce_states): the web
-- application, and people at a prompt, know what they want.
create trigger scheduled_task_transition before update on public.scheduled_task
  for each row when (old.status is distinct from new.status and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('status', 'task_id');
create trigger mining_call_transition before update on pipeline.mining_call
  for each row when (old.state is distinct from new.state and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('state', 'id');
create trigger raw_document_transition before update on pipeline.raw_document
  for each row when (old.state is distinct from new.state and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('state', 'id');
create trigger delivery_transition before update on pipeline.delivery
  for each row when (old.state is distinct from new.state and current_setting('parma.enforce_states', true) = 'on')
  execute function pipeline.check_transition('state', 'id');
