-- What is to be sent, and what became of it. Rows are written in the transaction of what caused them.

create type pipeline.delivery_kind as enum ('ALERT', 'REPORT', 'TEST');
-- PENDING → SENDING → SENT, or FAILED with a final error; back to PENDING with one that may pass. UNKNOWN: the
-- process ended between sending and recording, so it is not sent again. SUPPRESSED: muted, paused or nothing to say.
create type pipeline.delivery_state as enum ('PENDING', 'SENDING', 'SENT', 'FAILED', 'UNKNOWN', 'SUPPRESSED');

-- One message on its way to one channel of one user.
create table pipeline.delivery (
  id bigint generated always as identity primary key,
  kind pipeline.delivery_kind not null,
  -- null where a channel that is no user's is tested
  user_id integer references public."user" (id) on update cascade on delete cascade,
  channel_id integer not null references public.notification_channel (id) on update cascade on delete cascade,
  -- of an alert
  company_id integer references public.company (id) on update cascade on delete cascade,
  -- of a report: the Monday of the week in which it is sent
  week date,
  state pipeline.delivery_state not null default 'PENDING',
  attempt integer not null default 0,
  send_after timestamp(3) not null,
  created_at timestamp(3) not null,
  -- When it was first and last handed to the provider.
  first_tried_at timestamp(3),
  last_tried_at timestamp(3),
  sent_at timestamp(3),
  provider_id text,
  error text,
  check (case kind
    when 'ALERT' then user_id is not null and company_id is not null
    when 'REPORT' then user_id is not null and week is not null
    else true
  end)
);
-- The delivery that findings of a company still join. Once it has been tried it takes no more, so that a message
-- which may have arrived keeps its contents.
create unique index delivery_joinable_key
  on pipeline.delivery (user_id, channel_id, company_id) where kind = 'ALERT' and state = 'PENDING' and attempt = 0;
create unique index delivery_report_key
  on pipeline.delivery (user_id, channel_id, week) where kind = 'REPORT';
-- For the sweeper: what is open stays few.
create index delivery_open_idx on pipeline.delivery (send_after) where state in ('PENDING', 'SENDING');
-- For the history, and for the deletion of what they refer to.
create index delivery_company_idx on pipeline.delivery (company_id, created_at);
create index delivery_user_idx on pipeline.delivery (user_id, created_at);
create index delivery_channel_idx on pipeline.delivery (channel_id, created_at);

-- What an alert tells. Its key is the promise that a finding goes at most once to a channel of a user.
create table pipeline.delivery_finding (
  finding_id bigint not null references pipeline.finding (id) on delete cascade,
  user_id integer not null,
  channel_id integer not null,
  delivery_id bigint not null references pipeline.delivery (id) on delete cascade,
  primary key (finding_id, user_id, channel_id)
);
create index delivery_finding_delivery_idx on pipeline.delivery_finding (delivery_id);

-- A user hears nothing of a company, for good where there is no end.
create table pipeline.mute (
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  company_id integer not null references public.company (id) on update cascade on delete cascade,
  until timestamp(3),
  created_at timestamp(3) not null,
  primary key (user_id, company_id)
);
create index mute_company_id_idx on pipeline.mute (company_id);

-- A channel gets nothing, for good where there is no end.
create table pipeline.channel_pause (
  channel_id integer primary key references public.notification_channel (id) on update cascade on delete cascade,
  until timestamp(3),
  created_at timestamp(3) not null
);

-- How a channel last did.
create table pipeline.channel_status (
  channel_id integer primary key references public.notification_channel (id) on update cascade on delete cascade,
  last_error text,
  last_error_at timestamp(3),
  last_sent_at timestamp(3)
);

-- A user's report of a week: its period, fixed when it is first made, and where its page is kept.
create table pipeline.report_run (
  user_id integer not null references public."user" (id) on update cascade on delete cascade,
  week date not null,
  period_to timestamp(3) not null,
  created_at timestamp(3) not null,
  page_blob text,
  primary key (user_id, week)
);

-- A company's news of a week.
create index if not exists news_company_id_created_at_idx on public.news (company_id, created_at);
