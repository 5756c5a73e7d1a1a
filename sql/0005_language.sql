-- What the language model has used up, per day (UTC). A call reserves the most that it can use before it is made,
-- and is corrected to what it did use: calls at once never get over the day's limit.
create table pipeline.language_use (
  day date primary key,
  calls integer not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0
);

-- The comments of a raw document that have no score yet. Small, since scoring takes a row out of it; comments of
-- other writers have no raw document and are never in it.
create index measurement_comment_value_unscored_idx
  on public.measurement_comment_value (raw_document_id)
  where sentiment_score is null and raw_document_id is not null;
