-- The tables that the web application (parma-web) owns: its Prisma schema of 2024-01-31, with the names that
-- Prisma gives to keys and indexes. On a database that Prisma has already made, every statement here finds its
-- object and leaves it as it is.

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('role', array['USER', 'ADMIN']),
      ('channel_purpose', array['NOTIFICATION', 'REPORT']),
      ('channel_type', array['EMAIL', 'SLACK']),
      ('file_type', array['TEXT', 'JPG', 'PDF']),
      ('health_status', array['UP', 'DOWN']),
      ('frequency', array['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY']),
      ('bucket_permission', array['VIEWER', 'MODERATOR']),
      ('task_status', array['PENDING', 'PROCESSING', 'SUCCESS', 'FAILED']),
      ('schedule_type', array['ON_DEMAND', 'REGULAR']),
      ('identifier_type', array['AUTOMATICALLY_DISCOVERED', 'MANUALLY_ADDED'])
    ) as enum_type (type_name, labels)
  loop
    if to_regtype(format('public.%I', wanted.type_name)) is null then
      execute format(
        'create type public.%I as enum (%s)',
        wanted.type_name,
        (select string_agg(quote_literal(label), ', ' order by position)
           from unnest(wanted.labels) with ordinality as l (label, position))
      );
    end if;
  end loop;
end $$;

create table if not exists public."user" (
  id serial primary key,
  auth_id text not null,
  name text not null,
  profile_picture text,
  role public.role not null default 'USER',
  username text,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);
create unique index if not exists user_auth_id_key on public."user" (auth_id);

create table if not exists public.company (
  id serial primary key,
  name text not null,
  description text,
  added_by integer references public."user" (id) on update cascade on delete set null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.bucket (
  id serial primary key,
  title text not null,
  description text,
  owner_id integer not null references public."user" (id) on update cascade on delete cascade,
  is_public boolean not null default false,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.company_bucket_membership (
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  bucket_id integer not null references public.bucket (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (company_id, bucket_id)
);

create table if not exists public.bucket_access (
  bucket_id integer not null references public.bucket (id) on update cascade on delete cascade,
  invitee_id integer not null references public."user" (id) on update cascade on delete cascade,
  permission public.bucket_permission not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (bucket_id, invitee_id)
);

create table if not exists public.notification_channel (
  id serial primary key,
  channel_type public.channel_type not null,
  destination text not null,
  secret_id text,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.notification_subscription (
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  channel_id integer not null references public.notification_channel (id) on update cascade on delete cascade,
  channel_purpose public.channel_purpose not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (user_id, channel_id)
);

create table if not exists public.company_attachment (
  id serial primary key,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  file_type public.file_type not null,
  file_url text not null,
  user_id integer not null references public."user" (id) on update cascade on delete restrict,
  title text not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.data_source (
  id serial primary key,
  source_name text not null,
  is_active boolean not null,
  frequency public.frequency not null,
  health_status public.health_status not null,
  description text,
  max_run_seconds integer not null default 300,
  version text not null default '1.0',
  invocation_endpoint text not null default '',
  additional_params jsonb,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.scheduled_task (
  task_id serial primary key,
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  schedule_type public.schedule_type not null,
  scheduled_at timestamp(3) not null default current_timestamp,
  started_at timestamp(3),
  ended_at timestamp(3),
  max_run_seconds integer not null default 300,
  result_summary text,
  status public.task_status not null default 'PENDING',
  attempts integer not null default 0
);

create table if not exists public.company_data_source (
  id serial primary key,
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  is_data_source_active boolean not null,
  health_status public.health_status not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);
create unique index if not exists company_data_source_data_source_id_company_id_key
  on public.company_data_source (data_source_id, company_id);

create table if not exists public.company_data_source_identifier (
  id serial primary key,
  company_data_source_id integer not null
    references public.company_data_source (id) on update cascade on delete cascade,
  identifier_type public.identifier_type not null,
  property text not null,
  value text not null,
  validity timestamp(3) not null
);

create table if not exists public.notification (
  id serial primary key,
  message text not null,
  company_id integer not null references public.company (id) on update cascade on delete restrict,
  data_source_id integer not null references public.data_source (id) on update cascade on delete restrict,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.source_measurement (
  id serial primary key,
  source_module_id integer not null references public.data_source (id) on update cascade on delete cascade,
  type text not null,
  measurement_name text not null,
  parent_measurement_id integer references public.source_measurement (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.notification_rules (
  rule_id serial primary key,
  rule_name text not null,
  source_measurement_id integer not null
    references public.source_measurement (id) on update cascade on delete cascade,
  threshold double precision not null,
  aggregation_method text,
  num_aggregation_entries integer,
  notification_message text,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.news (
  id serial primary key,
  message text not null,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  data_source_id integer not null references public.data_source (id) on update cascade on delete restrict,
  trigger_factor text,
  title text,
  "timestamp" timestamp(3) not null,
  source_measurement_id integer not null
    references public.source_measurement (id) on update cascade on delete restrict,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.news_subscription (
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (user_id, company_id)
);

create table if not exists public.company_subscription (
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (user_id, company_id)
);

create table if not exists public.company_source_measurement (
  company_measurement_id serial primary key,
  source_measurement_id integer not null
    references public.source_measurement (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade
);

do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('text', 'text'), ('int', 'integer'), ('float', 'double precision'), ('paragraph', 'text'),
      ('link', 'text'), ('image', 'text'), ('date', 'timestamp(3)'), ('nested', 'text'),
      ('comment', 'text')
    ) as value_table (type_name, value_type)
  loop
    execute format(
      'create table if not exists public.%I (
         id serial primary key,
         company_measurement_id integer not null
           references public.company_source_measurement (company_measurement_id)
           on update cascade on delete cascade,
         value %s not null,
         "timestamp" timestamp(3) not null,
         created_at timestamp(3) not null default current_timestamp,
         modified_at timestamp(3) not null%s
       )',
      'measurement_' || wanted.type_name || '_value',
      wanted.value_type,
      case wanted.type_name when 'comment' then ', sentiment_score integer' else '' end
    );
  end loop;
end $$;

create table if not exists public.report (
  id serial primary key,
  company_id integer not null references public.company (id) on update cascade on delete restrict,
  name text not null,
  report_file_url text not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.user_important_measurement_preference (
  data_source_id integer not null references public.data_source (id) on update cascade on delete cascade,
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  important_field_name text not null,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null,
  primary key (data_source_id, user_id, important_field_name)
);

create table if not exists public.user_customization (
  id serial primary key,
  name text not null,
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.user_company_customization (
  id serial primary key,
  customization_id integer not null
    references public.user_customization (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

create table if not exists public.user_metric_customization (
  id serial primary key,
  customization_id integer not null
    references public.user_customization (id) on update cascade on delete cascade,
  source_measurement_id integer not null
    references public.source_measurement (id) on update cascade on delete cascade,
  created_at timestamp(3) not null default current_timestamp,
  modified_at timestamp(3) not null
);

-- Every company is linked to every data source, and the other way round, by these two triggers.
do $$
begin
  if to_regprocedure('public.add_company_data_source_relationship()') is null then
    create function public.add_company_data_source_relationship() returns trigger language plpgsql as $body$
    begin
      insert into public.company_data_source
        (data_source_id, company_id, is_data_source_active, health_status, modified_at)
      select id, new.id, true, 'UP', now() from public.data_source;
      return new;
    end;
    $body$;
  end if;

  if to_regprocedure('public.add_data_source_company_relationship()') is null then
    create function public.add_data_source_company_relationship() returns trigger language plpgsql as $body$
    begin
      insert into public.company_data_source
        (data_source_id, company_id, is_data_source_active, health_status, modified_at)
      select new.id, id, true, 'UP', now() from public.company;
      return new;
    end;
    $body$;
  end if;

  if not exists (
    select from pg_trigger where tgname = 'company_inserted' and tgrelid = 'public.company'::regclass
  ) then
    create trigger company_inserted after insert on public.company
      for each row execute function public.add_company_data_source_relationship();
  end if;

  if not exists (
    select from pg_trigger where tgname = 'data_source_inserted' and tgrelid = 'public.data_source'::regclass
  ) then
    create trigger data_source_inserted after insert on public.data_source
      for each row execute function public.add_data_source_company_relationship();
  end if;
end $$;
