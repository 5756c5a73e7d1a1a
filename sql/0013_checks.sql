-- Checks of the data, what they find, who is told, and which sources they hold up.

-- A source that is paused is not started and gets no calls. Each who pauses it has a row of their own: 'check:<name>'
-- for a check, which takes its row away when it passes, else an operator. A check's pause that an operator lifts stays
-- lifted until the check has passed.
create table pipeline.source_pause (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  paused_by text not null,
  reason text not null,
  since timestamp(3) not null,
  lifted_at timestamp(3),
  lifted_by text,
  primary key (data_source_id, paused_by),
  check ((lifted_at is null) = (lifted_by is null))
);

create type pipeline.check_severity as enum ('WARN', 'HALT');
-- BROKEN: the check itself does not work, and nobody knows.
create type pipeline.check_state as enum ('PASSING', 'FAILING', 'BROKEN');

-- The checks of functions/checks, and how they did. One that is BROKEN keeps what it found before.
create table pipeline.data_check (
  name text primary key,
  title text not null,
  severity pipeline.check_severity not null,
  state pipeline.check_state not null,
  since timestamp(3) not null,
  last_run_at timestamp(3) not null,
  duration_ms integer not null,
  failing_count bigint not null,
  error text,
  check ((state = 'BROKEN') = (error is not null)),
  check (case state when 'PASSING' then failing_count = 0 when 'FAILING' then failing_count > 0 else true end)
);

-- The first rows of what each found in its last run that worked. They hold ids and numbers, no contents.
create table pipeline.data_check_row (
  check_name text not null references pipeline.data_check (name) on delete cascade,
  position integer not null,
  data_source_id integer references public.data_source (id) on update cascade on delete cascade,
  finding jsonb not null,
  primary key (check_name, position)
);
create index data_check_row_data_source_id_idx on pipeline.data_check_row (data_source_id);

-- What operators are told. A row is written in the transaction of what it tells, and its key is the promise that it is
-- told once. Its states are a delivery's; SUPPRESSED where no address is configured.
create table pipeline.operator_notice (
  id bigint generated always as identity primary key,
  key text not null unique,
  subject text not null,
  body text not null,
  state pipeline.delivery_state not null default 'PENDING',
  attempt integer not null default 0,
  created_at timestamp(3) not null,
  send_after timestamp(3) not null,
  last_tried_at timestamp(3),
  sent_at timestamp(3),
  error text
);
-- For the sweeper: what is open stays few.
create index operator_notice_open_idx on pipeline.operator_notice (send_after) where state in ('PENDING', 'SENDING');

-- The documents of a source that changed lately, in whatever state.
create index raw_document_changed_idx on pipeline.raw_document (data_source_id, state_since);

-- Every value, of whichever table it is in. Look-ups by raw_document_id read the index of each.
create view pipeline.stored_value as
  select 'int' as type, company_measurement_id, item_key, "timestamp", raw_document_id, value::text as value
    from public.measurement_int_value
  union all
  select 'bigint', company_measurement_id, item_key, "timestamp", raw_document_id, value::text
    from public.measurement_bigint_value
  union all
  select 'float', company_measurement_id, item_key, "timestamp", raw_document_id, value::text
    from public.measurement_float_value
  union all
  select 'bool', company_measurement_id, item_key, "timestamp", raw_document_id, value::text
    from public.measurement_bool_value
  union all
  select 'text', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_text_value
  union all
  select 'paragraph', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_paragraph_value
  union all
  select 'comment', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_comment_value
  union all
  select 'link', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_link_value
  union all
  select 'image', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_image_value
  union all
  select 'date', company_measurement_id, item_key, "timestamp", raw_document_id, value::text
    from public.measurement_date_value
  union all
  select 'nested', company_measurement_id, item_key, "timestamp", raw_document_id, value
    from public.measurement_nested_value;
