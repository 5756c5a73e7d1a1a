-- The roles that people and functions connect through, and what each may do. Nobody logs in as one of them: a login role
-- is granted membership (`grant parma_functions to "…"`).
--
--   parma_functions  what the functions do: read and write rows. It creates, alters and truncates nothing.
--   parma_readonly   reads every row, and writes none.

-- Called by every `scripts/dev migrate`, because roles belong to the cluster and not to the database: a restored
-- database comes without them, and one may be created by hand after a migration that was not allowed to.
--
-- Returns the roles that are missing and that the current user may not create. A later migration that adds a table to
-- the schema public replaces this function, with the table in it; the schema pipeline needs no such care.
create function pipeline.grant_access() returns text[] language plpgsql as $$
declare
  wanted text;
  missing text[] := '{}';
  granted record;
begin
  -- Two grants on one object at once would fail with "tuple concurrently updated".
  perform pg_advisory_xact_lock(hashtextextended('pipeline.grant_access', 0));

  foreach wanted in array array['parma_functions', 'parma_readonly'] loop
    if to_regrole(wanted) is null then
      begin
        execute format('create role %I nologin', wanted);
      exception
        -- The migration of another database of this cluster was first.
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then missing := missing || wanted;
      end;
    end if;
    continue when wanted = any (missing);
    execute format('grant usage on schema public, pipeline to %I', wanted);
    execute format('grant select on all tables in schema pipeline to %I', wanted);
    execute format('alter default privileges in schema pipeline grant select on tables to %I', wanted);
  end loop;

  -- The web application's tables one by one: what else it keeps in the schema public is its own.
  for granted in
    select class.oid::regclass as "table", pg_get_serial_sequence(class.oid::regclass::text, key.attname) as sequence
      from pg_class class
      -- What its ids are taken from; some tables have none.
      left join pg_attribute key
        on key.attrelid = class.oid and pg_get_serial_sequence(class.oid::regclass::text, key.attname) is not null
     where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
       and (class.relname like 'measurement\_%\_value' or class.relname in (
         'user', 'company', 'bucket', 'company_bucket_membership', 'bucket_access', 'notification_channel',
         'notification_subscription', 'company_attachment', 'data_source', 'scheduled_task', 'company_data_source',
         'company_data_source_identifier', 'notification', 'source_measurement', 'notification_rules', 'news',
         'news_subscription', 'company_subscription', 'company_source_measurement', 'report',
         'user_important_measurement_preference', 'user_customization', 'user_company_customization',
         'user_metric_customization'))
  loop
    if 'parma_functions' <> all (missing) then
      execute format('grant select, insert, update, delete on %s to parma_functions', granted."table");
      if granted.sequence is not null then
        execute format('grant usage on sequence %s to parma_functions', granted.sequence);
      end if;
    end if;
    if 'parma_readonly' <> all (missing) then
      execute format('grant select on %s to parma_readonly', granted."table");
    end if;
  end loop;

  if 'parma_functions' <> all (missing) then
    grant insert, update, delete on all tables in schema pipeline to parma_functions;
    alter default privileges in schema pipeline grant insert, update, delete on tables to parma_functions;
    grant usage on all sequences in schema pipeline to parma_functions;
    alter default privileges in schema pipeline grant usage on sequences to parma_functions;
    -- Written by `migrate` alone.
    revoke insert, update, delete on pipeline.migration, pipeline.state_transition from parma_functions;
  end if;
  return missing;
end
$$;
revoke execute on function pipeline.grant_access() from public;
