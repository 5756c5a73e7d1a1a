-- Every run of a scheduled function, however it was started.
create type pipeline.job_trigger as enum ('SCHEDULE', 'HTTP', 'COMMAND');
create type pipeline.job_state as enum ('RUNNING', 'SUCCEEDED', 'FAILED');

create table pipeline.job_run (
  id bigint generated always as identity primary key,
  job text not null,
  trigger pipeline.job_trigger not null,
  -- The time of the schedule that it runs for; null where a person started it.
  scheduled_for timestamp(3),
  -- Started again for the same time, it is the same run in a further attempt.
  attempts integer not null default 1,
  state pipeline.job_state not null default 'RUNNING',
  started_at timestamp(3) not null,
  ended_at timestamp(3),
  counts jsonb not null default '{}',
  error text,
  check ((state = 'RUNNING') = (ended_at is null)),
  check ((state = 'FAILED') = (error is not null))
);
create unique index job_run_job_scheduled_for_key on pipeline.job_run (job, scheduled_for);
-- For those whose process died: what runs stays few.
create index job_run_running_idx on pipeline.job_run (job, started_at) where state = 'RUNNING';
-- For the view, and for deleting what is old.
create index job_run_started_at_idx on pipeline.job_run (started_at);

-- How often each job ran a day, how it ended, and how long that took in all.
create view pipeline.job_day as
  select started_at::date as day, job, state,
         count(*) as runs,
         sum(attempts) as attempts,
         coalesce(sum(extract(epoch from ended_at - started_at)), 0)::double precision as seconds
    from pipeline.job_run
   group by 1, 2, 3;

-- The run of a source that opened it, as the log names it: 'task-12' for a scheduled task, 'document-…' for what was
-- fed without one. Findings of other runs may join it; their own lines name it.
alter table pipeline.delivery add column correlation text;
