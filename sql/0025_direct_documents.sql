-- How far the walk through a source's raw documents in Firestore has come: it finds those that a module wrote there itself
-- and whose event got lost.
create table pipeline.document_walk (
  data_source_id integer primary key references public.data_source (id) on update cascade on delete cascade,
  -- The id of the last one that was looked at; empty where a round begins.
  last_document text not null,
  walked_at timestamp(3) not null,
  round_ended_at timestamp(3)
);
