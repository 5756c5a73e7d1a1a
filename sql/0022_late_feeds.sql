-- A task that an operator cancelled: what its module feeds from then on is kept and goes no further.
create table pipeline.cancelled_task (
  task_id integer primary key references public.scheduled_task (task_id) on update cascade on delete cascade,
  cancelled_at timestamp(3) not null
);

-- How many runs over the document began in its state, and until when the last of them may be at work. Counted before the
-- work, so that a document that kills its process is given up as well.
alter table pipeline.raw_document
  add column runs integer not null default 0,
  add column running_until timestamp(3);
