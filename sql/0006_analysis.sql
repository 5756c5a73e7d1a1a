-- What became of a raw document in stage 5.
create type pipeline.analysis_state as enum ('ANALYZED', 'DATA_PROBLEM');
create table pipeline.analysis (
  raw_document_id text primary key references pipeline.raw_document (id) on update cascade on delete cascade,
  state pipeline.analysis_state not null,
  analyzed_at timestamp(3) not null,
  value_count integer not null,
  comment_count integer not null,
  finding_count integer not null,
  -- The news of this document, for the tasks that follow.
  news_ids integer[] not null
);

-- The documents of a company at a source that wait for their analysis, the oldest first. Small, since every
-- analysis takes a row out of it.
alter table pipeline.raw_document add column is_analyzed boolean not null default false;
create index raw_document_unanalyzed_idx
  on pipeline.raw_document (data_source_id, company_id, observed_at, id)
  where state = 'NORMALIZED' and not is_analyzed;

-- Which of a company's handles at a source a document is about; '' where nothing tells.
alter table pipeline.raw_document add column subject text not null default '';
create index raw_document_subject_idx
  on pipeline.raw_document (data_source_id, company_id, subject, observed_at) where is_analyzed;

-- What the anomaly detector remembers of a series: at most 50 kB.
create table pipeline.detector_state (
  company_measurement_id integer not null
    references public.company_source_measurement (company_measurement_id) on update cascade on delete cascade,
  item_key text not null,
  subject text not null,
  state jsonb not null,
  last_observed_at timestamp(3) not null,
  modified_at timestamp(3) not null,
  primary key (company_measurement_id, item_key, subject)
);

-- A document that a source suddenly sent empty or with zeros only: for operators. Its values are in no history.
create table pipeline.data_problem (
  raw_document_id text primary key references pipeline.raw_document (id) on update cascade on delete cascade,
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  observed_at timestamp(3) not null,
  problem text not null,
  found_at timestamp(3) not null
);
create index data_problem_source_idx on pipeline.data_problem (data_source_id, found_at);
create index data_problem_company_idx on pipeline.data_problem (company_id);
