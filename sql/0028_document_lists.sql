-- What a raw document had of each list at its top level: whether a list that is shorter is half an answer, and whether an
-- item that is missing is gone, can be told only where the list itself came.

alter table pipeline.raw_document add column if not exists lists jsonb;
comment on column pipeline.raw_document.lists is
  'by the id of the nested measurement: {size, first, last, extent}; first and last are item keys';

-- A problem of a few series leaves the others of the document as sound as any.
alter table pipeline.data_problem add column if not exists held_series text[];
comment on column pipeline.data_problem.held_series is
  'the series that are held, as "<company_measurement_id> <item_key>"; null holds all of the document';
alter table pipeline.data_problem add column if not exists kind text;
comment on column pipeline.data_problem.kind is
  'HALF_LIST where the next observation decides whether it is one';
