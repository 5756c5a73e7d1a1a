-- What this backend adds to the web application's tables: nullable or defaulted columns, indexes, and value
-- tables for what the nine existing ones cannot hold. Nothing is renamed, retyped or dropped.

-- A planned run. Two ticks that plan the same slot meet in the unique key; rows of the web application have no
-- slot and never conflict.
alter table public.scheduled_task add column if not exists slot timestamp(3);
create unique index if not exists scheduled_task_data_source_id_slot_key
  on public.scheduled_task (data_source_id, slot);
-- For "what is due" and "what is running": both sets stay small while the table grows.
create index if not exists scheduled_task_open_idx
  on public.scheduled_task (status, scheduled_at) where status in ('PENDING', 'PROCESSING');
create index if not exists scheduled_task_source_idx
  on public.scheduled_task (data_source_id, scheduled_at);

create index if not exists company_data_source_identifier_link_idx
  on public.company_data_source_identifier (company_data_source_id);
create index if not exists company_data_source_company_id_idx
  on public.company_data_source (company_id);

-- To find the company that a CRM means. Hash indexes: both texts may be longer than a B-tree takes.
create index if not exists company_lower_name_idx on public.company using hash (lower(name));
create index if not exists company_lower_description_idx on public.company using hash (lower(description));

-- Earlier backends inserted a measurement at every handshake, so duplicates exist and the web application may
-- add more. One row of each kind is canonical: the one that this backend reads and writes.
alter table public.source_measurement add column if not exists is_canonical boolean not null default false;
create unique index if not exists source_measurement_canonical_key
  on public.source_measurement (source_module_id, parent_measurement_id, measurement_name, type)
  nulls not distinct where is_canonical;
create index if not exists source_measurement_source_module_id_idx
  on public.source_measurement (source_module_id);
create index if not exists source_measurement_parent_measurement_id_idx
  on public.source_measurement (parent_measurement_id);

alter table public.company_source_measurement
  add column if not exists is_canonical boolean not null default false;
create unique index if not exists company_source_measurement_canonical_key
  on public.company_source_measurement (source_measurement_id, company_id) where is_canonical;
create index if not exists company_source_measurement_pair_idx
  on public.company_source_measurement (source_measurement_id, company_id);
create index if not exists company_source_measurement_company_id_idx
  on public.company_source_measurement (company_id);

-- Booleans, and integers that do not fit int4.
create table if not exists public.measurement_bool_value (
  id bigserial primary key,
  company_measurement_id integer not null
    references public.company_source_measurement (company_measurement_id)
    on update cascade on delete cascade,
  value boolean not null,
  "timestamp" timestamp(3) not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);
create table if not exists public.measurement_bigint_value (
  id bigserial primary key,
  company_measurement_id integer not null
    references public.company_source_measurement (company_measurement_id)
    on update cascade on delete cascade,
  value numeric not null,
  "timestamp" timestamp(3) not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

-- A value belongs to an item of a nested list ('' for none) and to the raw document that it came from. The point
-- key makes normalizing twice harmless (rows of other writers have no raw document and never conflict) and is the
-- way to a series' history. The other index is the way to what one document gave; it is small, because B-trees
-- keep a key that repeats once.
do $$
declare
  value_table text;
begin
  foreach value_table in array array[
    'text', 'int', 'bigint', 'float', 'bool', 'paragraph', 'comment', 'link', 'image', 'date', 'nested'
  ] loop
    execute format(
      'alter table public.%I
         add column if not exists item_key text not null default '''',
         add column if not exists raw_document_id text',
      'measurement_' || value_table || '_value'
    );
    execute format(
      'create unique index if not exists %I
         on public.%I (company_measurement_id, item_key, "timestamp", raw_document_id)',
      'measurement_' || value_table || '_value_point_key',
      'measurement_' || value_table || '_value'
    );
    execute format(
      'create index if not exists %I on public.%I (raw_document_id) where raw_document_id is not null',
      'measurement_' || value_table || '_value_raw_document_idx',
      'measurement_' || value_table || '_value'
    );
  end loop;
end $$;
