-- How long things are kept, and what is erased.

-- For how many days a source's things are kept, from when they came to us; null is for ever. A source's own row counts
-- in place of the default's (data_source_id null), as a whole. The least that a row may say is what makes sure that
-- nothing recent is deleted: the checks look back two days, a report a week, planning a month.
create table pipeline.retention (
  data_source_id integer references public.data_source (id) on update cascade on delete cascade,
  -- In Firestore and the blob store.
  raw_documents_days integer check (raw_documents_days >= 30),
  values_days integer check (values_days >= 30),
  -- With their findings and the messages about them. The default's counts for the pages of reports as well.
  news_days integer check (news_days >= 30),
  -- Scheduled tasks and their calls, which the web application counts a source's uptime from.
  runs_days integer check (runs_days >= 90),
  unique nulls not distinct (data_source_id)
);
insert into pipeline.retention default values;

-- A document's row outlives the document: an old answer that is fed again must not come back as news.
alter table pipeline.raw_document
  -- When the document was fed again long after it was received: it is kept from then on.
  add column fed_again_at timestamp(3),
  add column removed_at timestamp(3),
  add column values_removed_at timestamp(3);
create index raw_document_kept_idx on pipeline.raw_document (data_source_id, coalesce(fed_again_at, received_at))
  where removed_at is null and state in ('ANALYZED', 'DATA_PROBLEM', 'FAILED');
create index raw_document_values_kept_idx on pipeline.raw_document (data_source_id, received_at, id)
  where values_removed_at is null and state in ('ANALYZED', 'DATA_PROBLEM', 'FAILED');
create index if not exists news_data_source_id_created_at_idx on public.news (data_source_id, created_at);
create index report_run_week_idx on pipeline.report_run (week);

create type pipeline.erasure_kind as enum ('COMPANY', 'USER');

-- A company or a user that is erased, for good: the mark that stops its work, and in the end the receipt. Ids are not
-- given twice, so that it holds after its subject is gone.
create table pipeline.erasure (
  id bigint generated always as identity primary key,
  kind pipeline.erasure_kind not null,
  subject_id integer not null,
  requested_by text not null,
  requested_at timestamp(3) not null,
  finished_at timestamp(3),
  -- What was deleted, by table and store. Rows are counted in the transaction that deletes them.
  counts jsonb not null default '{}',
  -- What is being deleted outside of Postgres at this moment: counted once it is gone, however often that is tried.
  in_hand jsonb,
  pages_done integer not null default 0,
  -- A user's own channels: whose they were, nobody could tell once their subscriptions are gone.
  own_channels integer[] not null default '{}',
  -- What is not ours to delete, for whoever it is. Forgotten 30 days after the end: it names people.
  left_to_others jsonb not null default '[]',
  unique (kind, subject_id)
);
-- For those that are to be looked after.
create index erasure_finished_at_idx on pipeline.erasure (finished_at);

-- Whether a company or a user is being erased, or was.
create function pipeline.is_erased(kind pipeline.erasure_kind, id bigint) returns boolean language sql stable as $$
  select exists (select from pipeline.erasure where erasure.kind = $1 and erasure.subject_id = $2)
$$;
