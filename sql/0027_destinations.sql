-- A delivery goes to a destination: a channel of the web application, or the operators. Later kinds of destinations need no
-- row in the web application's notification_channel.
create table pipeline.destination (
  id bigint generated always as identity primary key,
  kind text not null default 'CHANNEL' check (kind in ('CHANNEL', 'OPERATORS')),
  channel_id integer unique references public.notification_channel (id) on update cascade on delete cascade,
  check ((kind = 'CHANNEL') = (channel_id is not null))
);
create unique index destination_operators_key on pipeline.destination (kind) where kind = 'OPERATORS';
insert into pipeline.destination (kind, channel_id)
select 'CHANNEL', id from public.notification_channel where id in (select channel_id from pipeline.delivery);

-- What operators are told: sent by a delivery like everything else. The key is told once.
create table pipeline.notice (
  id bigint generated always as identity primary key,
  key text not null unique,
  subject text not null,
  body text not null,
  created_at timestamp(3) not null
);

-- A type of its own, because a value that is added to an enum cannot be used in the same transaction. The old one stays for
-- now: the release before casts to it.
create type pipeline.message_kind as enum ('ALERT', 'REPORT', 'TEST', 'NOTICE');
create cast (pipeline.delivery_kind as pipeline.message_kind) with inout as assignment;
drop index pipeline.delivery_joinable_key, pipeline.delivery_report_key;
alter table pipeline.delivery
  drop constraint delivery_check,
  alter column kind type pipeline.message_kind using kind::text::pipeline.message_kind,
  alter column channel_id drop not null,
  add column destination_id bigint references pipeline.destination (id) on delete cascade,
  add column notice_id bigint references pipeline.notice (id) on delete cascade;
update pipeline.delivery
   set destination_id = destination.id
  from pipeline.destination
 where destination.channel_id = delivery.channel_id;
alter table pipeline.delivery
  add constraint delivery_check check (case kind
    when 'ALERT' then user_id is not null and company_id is not null and channel_id is not null
    when 'REPORT' then user_id is not null and week is not null and channel_id is not null
    when 'NOTICE' then notice_id is not null
    else true
  end);
create unique index delivery_joinable_key on pipeline.delivery (user_id, channel_id, company_id)
 where kind = 'ALERT' and state = 'PENDING' and attempt = 0;
create unique index delivery_report_key on pipeline.delivery (user_id, channel_id, week) where kind = 'REPORT';
create unique index delivery_notice_key on pipeline.delivery (notice_id, destination_id) where kind = 'NOTICE';
create index delivery_destination_idx on pipeline.delivery (destination_id);

-- Whoever opens a delivery names its channel; the release before knows no destinations.
create function pipeline.set_destination() returns trigger language plpgsql as $$
begin
  insert into pipeline.destination (kind, channel_id) values ('CHANNEL', new.channel_id) on conflict (channel_id) do nothing;
  select id into new.destination_id from pipeline.destination where channel_id = new.channel_id;
  return new;
end
$$;
create trigger delivery_destination before insert on pipeline.delivery
  for each row when (new.destination_id is null and new.channel_id is not null)
  execute function pipeline.set_destination();
alter table pipeline.delivery add constraint delivery_destination_check check (destination_id is not null);

-- Moves the notices that wait where the release before kept them. Called here, and by `migrate --after-deploy` for those that
-- it wrote until it ended.
create function pipeline.move_operator_notices() returns integer language sql as $$
  with operators as (
    insert into pipeline.destination as destination (kind) values ('OPERATORS')
    on conflict (kind) where kind = 'OPERATORS' do update set kind = destination.kind
    returning id
  ), moved as (
    update pipeline.operator_notice set state = 'SUPPRESSED', error = 'Moved to pipeline.delivery'
     where state = 'PENDING'
    returning key, subject, body, created_at, send_after
  ), notice as (
    insert into pipeline.notice (key, subject, body, created_at)
    select key, subject, body, created_at from moved
    on conflict (key) do nothing
    returning id, key
  ), opened as (
    insert into pipeline.delivery (kind, destination_id, notice_id, send_after, created_at)
    select 'NOTICE'::pipeline.message_kind, operators.id, notice.id, moved.send_after, moved.created_at
      from notice join moved using (key) cross join operators
    returning id
  )
  select count(*)::integer from opened
$$;
revoke execute on function pipeline.move_operator_notices() from public;
select pipeline.move_operator_notices();
-- What was told stays told.
insert into pipeline.notice (key, subject, body, created_at)
select key, subject, body, created_at from pipeline.operator_notice on conflict (key) do nothing;
