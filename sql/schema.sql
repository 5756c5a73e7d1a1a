-- What the migrations make, read from the catalogue: a change of the schema shows here in review.
-- Not applied to anything, and not edited by hand: `scripts/dev migrate --describe` writes it anew, for example after
-- a rebase with a conflict here. A test compares it with a freshly migrated database, on PostgreSQL 15 and 18 alike.

create type pipeline.analysis_state as enum ('ANALYZED', 'DATA_PROBLEM');

create type pipeline.backfill_mode as enum ('MINE', 'PROCESS');

create type pipeline.breaker_state as enum ('CLOSED', 'OPEN', 'PROBING');

create type pipeline.call_state as enum ('WAITING', 'ENQUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED');

create type pipeline.check_severity as enum ('WARN', 'HALT');

create type pipeline.check_state as enum ('PASSING', 'FAILING', 'BROKEN');

create type pipeline.delivery_kind as enum ('ALERT', 'REPORT', 'TEST');

create type pipeline.delivery_state as enum ('PENDING', 'SENDING', 'SENT', 'FAILED', 'UNKNOWN', 'SUPPRESSED');

create type pipeline.erasure_kind as enum ('COMPANY', 'USER');

create type pipeline.job_state as enum ('RUNNING', 'SUCCEEDED', 'FAILED');

create type pipeline.job_trigger as enum ('SCHEDULE', 'HTTP', 'COMMAND');

create type pipeline.message_kind as enum ('ALERT', 'REPORT', 'TEST', 'NOTICE');

create type pipeline.module_request_kind as enum ('HANDSHAKE', 'CRM_IMPORT');

create type pipeline.module_request_state as enum ('WAITING', 'RUNNING', 'SUCCEEDED', 'FAILED');

create type pipeline.raw_document_state as enum ('RECEIVED', 'NORMALIZED', 'ANALYZED', 'DATA_PROBLEM', 'FAILED');

create type public.bucket_permission as enum ('VIEWER', 'MODERATOR');

create type public.channel_purpose as enum ('NOTIFICATION', 'REPORT');

create type public.channel_type as enum ('EMAIL', 'SLACK');

create type public.file_type as enum ('TEXT', 'JPG', 'PDF');

create type public.frequency as enum ('HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY');

create type public.health_status as enum ('UP', 'DOWN');

create type public.identifier_type as enum ('AUTOMATICALLY_DISCOVERED', 'MANUALLY_ADDED');

create type public.role as enum ('USER', 'ADMIN');

create type public.schedule_type as enum ('ON_DEMAND', 'REGULAR');

create type public.task_status as enum ('PENDING', 'PROCESSING', 'SUCCESS', 'FAILED');

create table pipeline.analysis (
  raw_document_id text not null,
  state pipeline.analysis_state not null,
  analyzed_at timestamp(3) without time zone not null,
  value_count integer not null,
  comment_count integer not null,
  finding_count integer not null,
  news_ids integer[] not null,
  comments_asked_again_at timestamp(3) without time zone,
  constraint analysis_pkey PRIMARY KEY (raw_document_id),
  constraint analysis_raw_document_id_fkey FOREIGN KEY (raw_document_id) REFERENCES pipeline.raw_document(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX analysis_comments_idx ON pipeline.analysis USING btree (analyzed_at) WHERE ((comment_count > 0) AND (comments_asked_again_at IS NULL));

create table pipeline.backfill (
  id bigint generated always as identity not null,
  mode pipeline.backfill_mode not null,
  data_source_id integer not null,
  from_time timestamp(3) without time zone not null,
  to_time timestamp(3) without time zone not null,
  requested_by text not null,
  created_at timestamp(3) without time zone not null,
  task_id integer,
  cancelled_at timestamp(3) without time zone,
  cancelled_by text,
  constraint backfill_check CHECK ((from_time < to_time)),
  constraint backfill_check1 CHECK (((cancelled_at IS NULL) = (cancelled_by IS NULL))),
  constraint backfill_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint backfill_pkey PRIMARY KEY (id),
  constraint backfill_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.scheduled_task(task_id) ON UPDATE CASCADE ON DELETE SET NULL,
  constraint backfill_task_id_key UNIQUE (task_id)
);
CREATE INDEX backfill_data_source_id_idx ON pipeline.backfill USING btree (data_source_id);

create table pipeline.backfill_company (
  backfill_id bigint not null,
  company_id integer not null,
  documents integer,
  replaced integer default 0 not null,
  run_as_new integer default 0 not null,
  failed integer default 0 not null,
  after_time timestamp(3) without time zone,
  after_id text,
  attempt integer default 0 not null,
  last_error text,
  last_seen_at timestamp(3) without time zone,
  ended_at timestamp(3) without time zone,
  constraint backfill_company_backfill_id_fkey FOREIGN KEY (backfill_id) REFERENCES pipeline.backfill(id) ON DELETE CASCADE,
  constraint backfill_company_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint backfill_company_pkey PRIMARY KEY (backfill_id, company_id)
);
CREATE INDEX backfill_company_company_id_idx ON pipeline.backfill_company USING btree (company_id);
CREATE INDEX backfill_company_open_idx ON pipeline.backfill_company USING btree (backfill_id, company_id) WHERE ((documents IS NOT NULL) AND (ended_at IS NULL));

create table pipeline.backfill_failure (
  backfill_id bigint not null,
  company_id integer not null,
  raw_document_id text not null,
  reason text not null,
  constraint backfill_failure_backfill_id_company_id_fkey FOREIGN KEY (backfill_id, company_id) REFERENCES pipeline.backfill_company(backfill_id, company_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint backfill_failure_pkey PRIMARY KEY (backfill_id, company_id, raw_document_id)
);

create table pipeline.cancelled_task (
  task_id integer not null,
  cancelled_at timestamp(3) without time zone not null,
  constraint cancelled_task_pkey PRIMARY KEY (task_id),
  constraint cancelled_task_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.scheduled_task(task_id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table pipeline.channel_pause (
  channel_id integer not null,
  until timestamp(3) without time zone,
  created_at timestamp(3) without time zone not null,
  constraint channel_pause_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint channel_pause_pkey PRIMARY KEY (channel_id)
);

create table pipeline.channel_status (
  channel_id integer not null,
  last_error text,
  last_error_at timestamp(3) without time zone,
  last_sent_at timestamp(3) without time zone,
  constraint channel_status_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint channel_status_pkey PRIMARY KEY (channel_id)
);

create table pipeline.company_domain (
  domain text not null,
  company_id integer not null,
  constraint company_domain_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_domain_pkey PRIMARY KEY (domain)
);
CREATE INDEX company_domain_company_id_idx ON pipeline.company_domain USING btree (company_id);

create table pipeline.company_key (
  company_id integer not null,
  name text not null,
  name_key text not null,
  constraint company_key_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_key_pkey PRIMARY KEY (company_id)
);
CREATE INDEX company_key_name_key_idx ON pipeline.company_key USING hash (name_key);

create table pipeline.company_turn (
  data_source_id integer not null,
  company_id integer not null,
  turn_at timestamp(3) without time zone not null,
  worked_at timestamp(3) without time zone,
  constraint company_turn_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_turn_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_turn_pkey PRIMARY KEY (data_source_id, company_id)
);
CREATE INDEX company_turn_company_id_idx ON pipeline.company_turn USING btree (company_id);
CREATE INDEX company_turn_worked_idx ON pipeline.company_turn USING btree (data_source_id, worked_at) WHERE (worked_at IS NOT NULL);

create table pipeline.data_check (
  name text not null,
  title text not null,
  severity pipeline.check_severity not null,
  state pipeline.check_state not null,
  since timestamp(3) without time zone not null,
  last_run_at timestamp(3) without time zone not null,
  duration_ms integer not null,
  failing_count bigint not null,
  error text,
  constraint data_check_check CHECK (((state = 'BROKEN'::pipeline.check_state) = (error IS NOT NULL))),
  constraint data_check_check1 CHECK (
CASE state
    WHEN 'PASSING'::pipeline.check_state THEN (failing_count = 0)
    WHEN 'FAILING'::pipeline.check_state THEN (failing_count > 0)
    ELSE true
END),
  constraint data_check_pkey PRIMARY KEY (name)
);

create table pipeline.data_check_row (
  check_name text not null,
  "position" integer not null,
  data_source_id integer,
  finding jsonb not null,
  constraint data_check_row_check_name_fkey FOREIGN KEY (check_name) REFERENCES pipeline.data_check(name) ON DELETE CASCADE,
  constraint data_check_row_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint data_check_row_pkey PRIMARY KEY (check_name, "position")
);
CREATE INDEX data_check_row_data_source_id_idx ON pipeline.data_check_row USING btree (data_source_id);

create table pipeline.data_problem (
  raw_document_id text not null,
  data_source_id integer not null,
  company_id integer not null,
  observed_at timestamp(3) without time zone not null,
  problem text not null,
  found_at timestamp(3) without time zone not null,
  held_series text[],
  kind text,
  constraint data_problem_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint data_problem_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint data_problem_pkey PRIMARY KEY (raw_document_id),
  constraint data_problem_raw_document_id_fkey FOREIGN KEY (raw_document_id) REFERENCES pipeline.raw_document(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX data_problem_company_idx ON pipeline.data_problem USING btree (company_id);
CREATE INDEX data_problem_source_idx ON pipeline.data_problem USING btree (data_source_id, found_at);

create table pipeline.delivery (
  id bigint generated always as identity not null,
  kind pipeline.message_kind not null,
  user_id integer,
  channel_id integer,
  company_id integer,
  week date,
  state pipeline.delivery_state default 'PENDING'::pipeline.delivery_state not null,
  attempt integer default 0 not null,
  send_after timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone not null,
  first_tried_at timestamp(3) without time zone,
  last_tried_at timestamp(3) without time zone,
  sent_at timestamp(3) without time zone,
  provider_id text,
  error text,
  correlation text,
  uploads jsonb default '{}'::jsonb not null,
  destination_id bigint,
  notice_id bigint,
  is_live boolean default true not null,
  waits integer default 0 not null,
  turn_at timestamp(3) without time zone,
  constraint delivery_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint delivery_check CHECK (
CASE kind
    WHEN 'ALERT'::pipeline.message_kind THEN ((user_id IS NOT NULL) AND (company_id IS NOT NULL) AND (channel_id IS NOT NULL))
    WHEN 'REPORT'::pipeline.message_kind THEN ((user_id IS NOT NULL) AND (week IS NOT NULL) AND (channel_id IS NOT NULL))
    WHEN 'NOTICE'::pipeline.message_kind THEN (notice_id IS NOT NULL)
    ELSE true
END),
  constraint delivery_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint delivery_destination_check CHECK ((destination_id IS NOT NULL)),
  constraint delivery_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES pipeline.destination(id) ON DELETE CASCADE,
  constraint delivery_notice_id_fkey FOREIGN KEY (notice_id) REFERENCES pipeline.notice(id) ON DELETE CASCADE,
  constraint delivery_pkey PRIMARY KEY (id),
  constraint delivery_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX delivery_channel_idx ON pipeline.delivery USING btree (channel_id, created_at);
CREATE INDEX delivery_company_idx ON pipeline.delivery USING btree (company_id, created_at);
CREATE INDEX delivery_created_at_idx ON pipeline.delivery USING btree (created_at);
CREATE INDEX delivery_destination_idx ON pipeline.delivery USING btree (destination_id);
CREATE UNIQUE INDEX delivery_joinable_key ON pipeline.delivery USING btree (user_id, channel_id, company_id) WHERE ((kind = 'ALERT'::pipeline.message_kind) AND (state = 'PENDING'::pipeline.delivery_state) AND (attempt = 0));
CREATE UNIQUE INDEX delivery_notice_key ON pipeline.delivery USING btree (notice_id, destination_id) WHERE (kind = 'NOTICE'::pipeline.message_kind);
CREATE INDEX delivery_open_idx ON pipeline.delivery USING btree (send_after) WHERE (state = ANY (ARRAY['PENDING'::pipeline.delivery_state, 'SENDING'::pipeline.delivery_state]));
CREATE UNIQUE INDEX delivery_report_key ON pipeline.delivery USING btree (user_id, channel_id, week) WHERE (kind = 'REPORT'::pipeline.message_kind);
CREATE INDEX delivery_user_idx ON pipeline.delivery USING btree (user_id, created_at);
CREATE TRIGGER delivery_destination BEFORE INSERT ON pipeline.delivery FOR EACH ROW WHEN (((new.destination_id IS NULL) AND (new.channel_id IS NOT NULL))) EXECUTE FUNCTION pipeline.set_destination();
CREATE TRIGGER delivery_transition BEFORE UPDATE ON pipeline.delivery FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('state', 'id');

create table pipeline.delivery_finding (
  finding_id bigint not null,
  user_id integer not null,
  channel_id integer not null,
  delivery_id bigint not null,
  constraint delivery_finding_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES pipeline.delivery(id) ON DELETE CASCADE,
  constraint delivery_finding_finding_id_fkey FOREIGN KEY (finding_id) REFERENCES pipeline.finding(id) ON DELETE CASCADE,
  constraint delivery_finding_pkey PRIMARY KEY (finding_id, user_id, channel_id)
);
CREATE INDEX delivery_finding_delivery_idx ON pipeline.delivery_finding USING btree (delivery_id);

create table pipeline.destination (
  id bigint generated always as identity not null,
  kind text default 'CHANNEL'::text not null,
  channel_id integer,
  next_turn_at timestamp(3) without time zone,
  constraint destination_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint destination_channel_id_key UNIQUE (channel_id),
  constraint destination_check CHECK (((kind = 'CHANNEL'::text) = (channel_id IS NOT NULL))),
  constraint destination_kind_check CHECK ((kind = ANY (ARRAY['CHANNEL'::text, 'OPERATORS'::text]))),
  constraint destination_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX destination_operators_key ON pipeline.destination USING btree (kind) WHERE (kind = 'OPERATORS'::text);

create table pipeline.detector_state (
  company_measurement_id integer not null,
  item_key text not null,
  subject text not null,
  state bytea storage external not null,
  last_observed_at timestamp(3) without time zone not null,
  modified_at timestamp(3) without time zone not null,
  constraint detector_state_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint detector_state_pkey PRIMARY KEY (company_measurement_id, item_key, subject)
);

create table pipeline.document_walk (
  data_source_id integer not null,
  last_document text not null,
  walked_at timestamp(3) without time zone not null,
  round_ended_at timestamp(3) without time zone,
  constraint document_walk_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint document_walk_pkey PRIMARY KEY (data_source_id)
);

create table pipeline.erasure (
  id bigint generated always as identity not null,
  kind pipeline.erasure_kind not null,
  subject_id integer not null,
  requested_by text not null,
  requested_at timestamp(3) without time zone not null,
  finished_at timestamp(3) without time zone,
  counts jsonb default '{}'::jsonb not null,
  in_hand jsonb,
  pages_done integer default 0 not null,
  own_channels integer[] default '{}'::integer[] not null,
  left_to_others jsonb default '[]'::jsonb not null,
  constraint erasure_kind_subject_id_key UNIQUE (kind, subject_id),
  constraint erasure_pkey PRIMARY KEY (id)
);
CREATE INDEX erasure_finished_at_idx ON pipeline.erasure USING btree (finished_at);

create table pipeline.failed_discovery (
  data_source_id integer not null,
  company_id integer not null,
  company_name text not null,
  reason text not null,
  failed_at timestamp(3) without time zone not null,
  constraint failed_discovery_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint failed_discovery_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint failed_discovery_pkey PRIMARY KEY (data_source_id, company_id)
);
CREATE INDEX failed_discovery_company_id_idx ON pipeline.failed_discovery USING btree (company_id);

create table pipeline.finding (
  id bigint generated always as identity not null,
  news_id integer not null,
  detector text not null,
  company_measurement_id integer not null,
  item_key text not null,
  observed_at timestamp(3) without time zone not null,
  severity text not null,
  facts jsonb not null,
  improved_at timestamp(3) without time zone,
  is_history boolean default false not null,
  constraint finding_detector_company_measurement_id_item_key_observed_a_key UNIQUE (detector, company_measurement_id, item_key, observed_at),
  constraint finding_news_id_fkey FOREIGN KEY (news_id) REFERENCES public.news(id) ON DELETE CASCADE,
  constraint finding_news_id_key UNIQUE (news_id),
  constraint finding_pkey PRIMARY KEY (id)
);
CREATE INDEX finding_series_idx ON pipeline.finding USING btree (company_measurement_id, item_key, observed_at);

create table pipeline.finding_part (
  detector text not null,
  company_measurement_id integer not null,
  item_key text not null,
  observed_at timestamp(3) without time zone not null,
  direction text,
  finding_id bigint not null,
  constraint finding_part_finding_id_fkey FOREIGN KEY (finding_id) REFERENCES pipeline.finding(id) ON DELETE CASCADE,
  constraint finding_part_pkey PRIMARY KEY (detector, company_measurement_id, item_key, observed_at)
);
CREATE INDEX finding_part_finding_idx ON pipeline.finding_part USING btree (finding_id);
CREATE INDEX finding_part_series_idx ON pipeline.finding_part USING btree (company_measurement_id, item_key, observed_at);

create table pipeline.job_run (
  id bigint generated always as identity not null,
  job text not null,
  trigger pipeline.job_trigger not null,
  scheduled_for timestamp(3) without time zone,
  attempts integer default 1 not null,
  state pipeline.job_state default 'RUNNING'::pipeline.job_state not null,
  started_at timestamp(3) without time zone not null,
  ended_at timestamp(3) without time zone,
  counts jsonb default '{}'::jsonb not null,
  error text,
  constraint job_run_check CHECK (((state = 'RUNNING'::pipeline.job_state) = (ended_at IS NULL))),
  constraint job_run_check1 CHECK (((state = 'FAILED'::pipeline.job_state) = (error IS NOT NULL))),
  constraint job_run_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX job_run_job_scheduled_for_key ON pipeline.job_run USING btree (job, scheduled_for);
CREATE INDEX job_run_running_idx ON pipeline.job_run USING btree (job, started_at) WHERE (state = 'RUNNING'::pipeline.job_state);
CREATE INDEX job_run_started_at_idx ON pipeline.job_run USING btree (started_at);

create table pipeline.language_use (
  day date not null,
  calls integer default 0 not null,
  input_tokens bigint default 0 not null,
  output_tokens bigint default 0 not null,
  constraint language_use_pkey PRIMARY KEY (day)
);

create table pipeline.map_field (
  data_source_id integer not null,
  map_version integer not null,
  path text not null,
  is_mapped boolean not null,
  first_seen_in text,
  constraint map_field_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint map_field_pkey PRIMARY KEY (data_source_id, map_version, path)
);

create table pipeline.measurement_period (
  source_measurement_id integer not null,
  period text not null,
  constraint measurement_period_period_check CHECK ((period = ANY (ARRAY['day'::text, 'week'::text, 'month'::text, 'quarter'::text, 'year'::text]))),
  constraint measurement_period_pkey PRIMARY KEY (source_measurement_id),
  constraint measurement_period_source_measurement_id_fkey FOREIGN KEY (source_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table pipeline.migration (
  id integer default nextval('pipeline.migration_id_seq'::regclass) not null,
  name character varying(255) not null,
  run_on timestamp without time zone not null,
  constraint migration_pkey PRIMARY KEY (id)
);

create table pipeline.mining_call (
  id bigint generated always as identity not null,
  task_id integer not null,
  company_id integer,
  state pipeline.call_state default 'WAITING'::pipeline.call_state not null,
  attempt integer default 0 not null,
  started_at timestamp(3) without time zone,
  ended_at timestamp(3) without time zone,
  error_type text,
  error_text text,
  enqueued_at timestamp(3) without time zone,
  last_turn_at timestamp(3) without time zone,
  runs_alone boolean default false not null,
  told_to_wait_at timestamp(3) without time zone,
  constraint mining_call_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint mining_call_pkey PRIMARY KEY (id),
  constraint mining_call_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.scheduled_task(task_id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX mining_call_company_id_idx ON pipeline.mining_call USING btree (company_id);
CREATE INDEX mining_call_open_idx ON pipeline.mining_call USING btree (task_id, state, id) WHERE (state = ANY (ARRAY['WAITING'::pipeline.call_state, 'ENQUEUED'::pipeline.call_state, 'RUNNING'::pipeline.call_state]));
CREATE UNIQUE INDEX mining_call_task_id_company_id_key ON pipeline.mining_call USING btree (task_id, company_id) NULLS NOT DISTINCT;
CREATE INDEX mining_call_waiting_idx ON pipeline.mining_call USING btree (task_id, last_turn_at NULLS FIRST, id) WHERE (state = 'WAITING'::pipeline.call_state);
CREATE TRIGGER mining_call_transition BEFORE UPDATE ON pipeline.mining_call FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('state', 'id');

create table pipeline.mining_cursor (
  data_source_id integer not null,
  company_id integer not null,
  cursor text not null,
  modified_at timestamp(3) without time zone not null,
  constraint mining_cursor_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint mining_cursor_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint mining_cursor_pkey PRIMARY KEY (data_source_id, company_id)
);

create table pipeline.module_request (
  id bigint generated always as identity not null,
  data_source_id integer not null,
  kind pipeline.module_request_kind not null,
  run integer default 1 not null,
  state pipeline.module_request_state default 'WAITING'::pipeline.module_request_state not null,
  asked_by integer,
  requested_at timestamp(3) without time zone not null,
  attempt integer default 0 not null,
  started_at timestamp(3) without time zone,
  ended_at timestamp(3) without time zone,
  answered_at timestamp(3) without time zone,
  result jsonb,
  error_type text,
  error_text text,
  constraint module_request_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE SET NULL,
  constraint module_request_check CHECK (((state = ANY (ARRAY['SUCCEEDED'::pipeline.module_request_state, 'FAILED'::pipeline.module_request_state])) = (ended_at IS NOT NULL))),
  constraint module_request_check1 CHECK (((state = 'SUCCEEDED'::pipeline.module_request_state) = (result IS NOT NULL))),
  constraint module_request_check2 CHECK (((state <> 'FAILED'::pipeline.module_request_state) OR ((error_type IS NOT NULL) AND (error_text IS NOT NULL)))),
  constraint module_request_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint module_request_data_source_id_kind_key UNIQUE (data_source_id, kind),
  constraint module_request_pkey PRIMARY KEY (id)
);
CREATE INDEX module_request_asked_by_idx ON pipeline.module_request USING btree (asked_by) WHERE (asked_by IS NOT NULL);
CREATE TRIGGER module_request_transition BEFORE UPDATE ON pipeline.module_request FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('state', 'id');

create table pipeline.mute (
  user_id integer not null,
  company_id integer not null,
  until timestamp(3) without time zone,
  created_at timestamp(3) without time zone not null,
  constraint mute_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint mute_pkey PRIMARY KEY (user_id, company_id),
  constraint mute_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX mute_company_id_idx ON pipeline.mute USING btree (company_id);

create table pipeline.normalization_issue (
  raw_document_id text not null,
  path text not null,
  expected text not null,
  received text not null,
  constraint normalization_issue_pkey PRIMARY KEY (raw_document_id, path, expected),
  constraint normalization_issue_raw_document_id_fkey FOREIGN KEY (raw_document_id) REFERENCES pipeline.raw_document(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table pipeline.notice (
  id bigint generated always as identity not null,
  key text not null,
  subject text not null,
  body text not null,
  created_at timestamp(3) without time zone not null,
  constraint notice_key_key UNIQUE (key),
  constraint notice_pkey PRIMARY KEY (id)
);

create table pipeline.operation (
  id bigint generated always as identity not null,
  operation text not null,
  operator text not null,
  input jsonb not null,
  started_at timestamp(3) without time zone not null,
  ended_at timestamp(3) without time zone,
  result jsonb,
  error text,
  constraint operation_pkey PRIMARY KEY (id)
);
CREATE INDEX operation_started_at_idx ON pipeline.operation USING btree (started_at);

create table pipeline.operator_notice (
  id bigint generated always as identity not null,
  key text not null,
  subject text not null,
  body text not null,
  state pipeline.delivery_state default 'PENDING'::pipeline.delivery_state not null,
  attempt integer default 0 not null,
  created_at timestamp(3) without time zone not null,
  send_after timestamp(3) without time zone not null,
  last_tried_at timestamp(3) without time zone,
  sent_at timestamp(3) without time zone,
  error text,
  constraint operator_notice_key_key UNIQUE (key),
  constraint operator_notice_pkey PRIMARY KEY (id)
);
CREATE INDEX operator_notice_open_idx ON pipeline.operator_notice USING btree (send_after) WHERE (state = ANY (ARRAY['PENDING'::pipeline.delivery_state, 'SENDING'::pipeline.delivery_state]));

create table pipeline.raw_document (
  id text not null,
  path text not null,
  data_source_id integer,
  company_id integer,
  task_id integer,
  observed_at timestamp(3) without time zone,
  received_at timestamp(3) without time zone,
  map_version integer,
  state pipeline.raw_document_state not null,
  reason text,
  value_count integer default 0 not null,
  issue_count integer default 0 not null,
  state_since timestamp(3) without time zone not null,
  subject text default ''::text not null,
  attempt integer default 0 not null,
  last_tried_at timestamp(3) without time zone,
  fed_again_at timestamp(3) without time zone,
  removed_at timestamp(3) without time zone,
  values_removed_at timestamp(3) without time zone,
  runs integer default 0 not null,
  running_until timestamp(3) without time zone,
  lists jsonb,
  constraint raw_document_check CHECK (
CASE
    WHEN (state = 'FAILED'::pipeline.raw_document_state) THEN (reason IS NOT NULL)
    WHEN (state = ANY (ARRAY['NORMALIZED'::pipeline.raw_document_state, 'ANALYZED'::pipeline.raw_document_state, 'DATA_PROBLEM'::pipeline.raw_document_state])) THEN (num_nulls(data_source_id, company_id, observed_at, received_at, map_version) = 0)
    ELSE true
END),
  constraint raw_document_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint raw_document_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint raw_document_pkey PRIMARY KEY (id)
);
CREATE INDEX raw_document_changed_idx ON pipeline.raw_document USING btree (data_source_id, state_since);
CREATE INDEX raw_document_company_id_idx ON pipeline.raw_document USING btree (company_id);
CREATE INDEX raw_document_failed_idx ON pipeline.raw_document USING btree (state_since) WHERE (state = 'FAILED'::pipeline.raw_document_state);
CREATE INDEX raw_document_kept_idx ON pipeline.raw_document USING btree (data_source_id, COALESCE(fed_again_at, received_at)) WHERE ((removed_at IS NULL) AND (state = ANY (ARRAY['ANALYZED'::pipeline.raw_document_state, 'DATA_PROBLEM'::pipeline.raw_document_state, 'FAILED'::pipeline.raw_document_state])));
CREATE INDEX raw_document_open_idx ON pipeline.raw_document USING btree (state_since) WHERE (state = ANY (ARRAY['RECEIVED'::pipeline.raw_document_state, 'NORMALIZED'::pipeline.raw_document_state]));
CREATE INDEX raw_document_source_idx ON pipeline.raw_document USING btree (data_source_id, company_id, observed_at);
CREATE INDEX raw_document_subject_idx ON pipeline.raw_document USING btree (data_source_id, company_id, subject, observed_at) WHERE (state = ANY (ARRAY['ANALYZED'::pipeline.raw_document_state, 'DATA_PROBLEM'::pipeline.raw_document_state]));
CREATE INDEX raw_document_unanalyzed_idx ON pipeline.raw_document USING btree (data_source_id, company_id, observed_at, id) WHERE (state = 'NORMALIZED'::pipeline.raw_document_state);
CREATE INDEX raw_document_values_kept_idx ON pipeline.raw_document USING btree (data_source_id, received_at, id) WHERE ((values_removed_at IS NULL) AND (state = ANY (ARRAY['ANALYZED'::pipeline.raw_document_state, 'DATA_PROBLEM'::pipeline.raw_document_state, 'FAILED'::pipeline.raw_document_state])));
CREATE TRIGGER raw_document_transition BEFORE UPDATE ON pipeline.raw_document FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('state', 'id');

create table pipeline.refused_transition (
  id bigint generated always as identity not null,
  work text not null,
  row_key text not null,
  from_state text not null,
  to_state text not null,
  refused_at timestamp(3) without time zone default (now() AT TIME ZONE 'utc'::text) not null,
  constraint refused_transition_pkey PRIMARY KEY (id)
);
CREATE INDEX refused_transition_refused_at_idx ON pipeline.refused_transition USING btree (refused_at);

create table pipeline.report_run (
  user_id integer not null,
  week date not null,
  period_to timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone not null,
  page_blob text,
  constraint report_run_pkey PRIMARY KEY (user_id, week),
  constraint report_run_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX report_run_week_idx ON pipeline.report_run USING btree (week);

create table pipeline.retention (
  data_source_id integer,
  raw_documents_days integer,
  values_days integer,
  news_days integer,
  runs_days integer,
  constraint retention_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint retention_data_source_id_key UNIQUE NULLS NOT DISTINCT (data_source_id),
  constraint retention_news_days_check CHECK ((news_days >= 30)),
  constraint retention_raw_documents_days_check CHECK ((raw_documents_days >= 30)),
  constraint retention_runs_days_check CHECK ((runs_days >= 90)),
  constraint retention_values_days_check CHECK ((values_days >= 30))
);

create table pipeline.rule_setting (
  rule_id integer not null,
  minimum_change double precision,
  tells_rhythm boolean default false not null,
  constraint rule_setting_minimum_change_check CHECK ((minimum_change >= (0)::double precision)),
  constraint rule_setting_pkey PRIMARY KEY (rule_id),
  constraint rule_setting_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.notification_rules(rule_id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table pipeline.series_unit (
  company_measurement_id integer not null,
  item_key text not null,
  unit text not null,
  constraint series_unit_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint series_unit_pkey PRIMARY KEY (company_measurement_id, item_key)
);

create table pipeline.source_breaker (
  data_source_id integer not null,
  state pipeline.breaker_state default 'CLOSED'::pipeline.breaker_state not null,
  state_since timestamp(3) without time zone not null,
  consecutive_failures integer default 0 not null,
  recent_failures boolean[] default '{}'::boolean[] not null,
  down_since timestamp(3) without time zone,
  pause_seconds integer,
  next_probe_at timestamp(3) without time zone,
  probe_call_id bigint,
  last_error_type text,
  last_error_text text,
  last_error_at timestamp(3) without time zone,
  suspect_failures integer default 0 not null,
  suspect_type text,
  constraint source_breaker_check CHECK ((num_nulls(down_since, pause_seconds, next_probe_at) =
CASE state
    WHEN 'CLOSED'::pipeline.breaker_state THEN 3
    ELSE 0
END)),
  constraint source_breaker_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint source_breaker_pkey PRIMARY KEY (data_source_id),
  constraint source_breaker_probe_call_id_fkey FOREIGN KEY (probe_call_id) REFERENCES pipeline.mining_call(id) ON DELETE SET NULL
);
CREATE INDEX source_breaker_probe_call_id_idx ON pipeline.source_breaker USING btree (probe_call_id);
CREATE TRIGGER source_breaker_transition BEFORE UPDATE ON pipeline.source_breaker FOR EACH ROW WHEN (((old.state IS DISTINCT FROM new.state) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('state', 'data_source_id');

create table pipeline.source_day (
  data_source_id integer not null,
  day date not null,
  calls integer not null,
  constraint source_day_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint source_day_pkey PRIMARY KEY (data_source_id, day)
);

create table pipeline.source_pause (
  data_source_id integer not null,
  paused_by text not null,
  reason text not null,
  since timestamp(3) without time zone not null,
  lifted_at timestamp(3) without time zone,
  lifted_by text,
  constraint source_pause_check CHECK (((lifted_at IS NULL) = (lifted_by IS NULL))),
  constraint source_pause_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint source_pause_pkey PRIMARY KEY (data_source_id, paused_by)
);

create table pipeline.state_transition (
  work text not null,
  from_state text not null,
  to_state text not null,
  constraint state_transition_pkey PRIMARY KEY (work, from_state, to_state)
);

create table pipeline.task_run (
  task_id integer not null,
  last_seen_at timestamp(3) without time zone not null,
  fanned_out boolean default false not null,
  refused text[] default '{}'::text[] not null,
  constraint task_run_pkey PRIMARY KEY (task_id),
  constraint task_run_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.scheduled_task(task_id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public."user" (
  id integer default nextval('public.user_id_seq'::regclass) not null,
  auth_id text not null,
  name text not null,
  profile_picture text,
  role public.role default 'USER'::public.role not null,
  username text,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint user_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX user_auth_id_key ON public."user" USING btree (auth_id);

create table public.bucket (
  id integer default nextval('public.bucket_id_seq'::regclass) not null,
  title text not null,
  description text,
  owner_id integer not null,
  is_public boolean default false not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint bucket_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint bucket_pkey PRIMARY KEY (id)
);

create table public.bucket_access (
  bucket_id integer not null,
  invitee_id integer not null,
  permission public.bucket_permission not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint bucket_access_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES public.bucket(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint bucket_access_invitee_id_fkey FOREIGN KEY (invitee_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint bucket_access_pkey PRIMARY KEY (bucket_id, invitee_id)
);

create table public.company (
  id integer default nextval('public.company_id_seq'::regclass) not null,
  name text not null,
  description text,
  added_by integer,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint company_added_by_fkey FOREIGN KEY (added_by) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE SET NULL,
  constraint company_pkey PRIMARY KEY (id)
);
CREATE INDEX company_lower_description_idx ON public.company USING hash (lower(description));
CREATE INDEX company_lower_name_idx ON public.company USING hash (lower(name));
CREATE TRIGGER company_inserted AFTER INSERT ON public.company FOR EACH ROW EXECUTE FUNCTION public.add_company_data_source_relationship();

create table public.company_attachment (
  id integer default nextval('public.company_attachment_id_seq'::regclass) not null,
  company_id integer not null,
  file_type public.file_type not null,
  file_url text not null,
  user_id integer not null,
  title text not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint company_attachment_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_attachment_pkey PRIMARY KEY (id),
  constraint company_attachment_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE RESTRICT
);

create table public.company_bucket_membership (
  company_id integer not null,
  bucket_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint company_bucket_membership_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES public.bucket(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_bucket_membership_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_bucket_membership_pkey PRIMARY KEY (company_id, bucket_id)
);

create table public.company_data_source (
  id integer default nextval('public.company_data_source_id_seq'::regclass) not null,
  data_source_id integer not null,
  company_id integer not null,
  is_data_source_active boolean not null,
  health_status public.health_status not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint company_data_source_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_data_source_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_data_source_pkey PRIMARY KEY (id)
);
CREATE INDEX company_data_source_company_id_idx ON public.company_data_source USING btree (company_id);
CREATE UNIQUE INDEX company_data_source_data_source_id_company_id_key ON public.company_data_source USING btree (data_source_id, company_id);

create table public.company_data_source_identifier (
  id integer default nextval('public.company_data_source_identifier_id_seq'::regclass) not null,
  company_data_source_id integer not null,
  identifier_type public.identifier_type not null,
  property text not null,
  value text not null,
  validity timestamp(3) without time zone not null,
  constraint company_data_source_identifier_company_data_source_id_fkey FOREIGN KEY (company_data_source_id) REFERENCES public.company_data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_data_source_identifier_pkey PRIMARY KEY (id)
);
CREATE INDEX company_data_source_identifier_link_idx ON public.company_data_source_identifier USING btree (company_data_source_id);

create table public.company_source_measurement (
  company_measurement_id integer default nextval('public.company_source_measurement_company_measurement_id_seq'::regclass) not null,
  source_measurement_id integer not null,
  company_id integer not null,
  is_canonical boolean default false not null,
  constraint company_source_measurement_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_source_measurement_pkey PRIMARY KEY (company_measurement_id),
  constraint company_source_measurement_source_measurement_id_fkey FOREIGN KEY (source_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX company_source_measurement_canonical_key ON public.company_source_measurement USING btree (source_measurement_id, company_id) WHERE is_canonical;
CREATE INDEX company_source_measurement_company_id_idx ON public.company_source_measurement USING btree (company_id);
CREATE INDEX company_source_measurement_pair_idx ON public.company_source_measurement USING btree (source_measurement_id, company_id);

create table public.company_subscription (
  user_id integer not null,
  company_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint company_subscription_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint company_subscription_pkey PRIMARY KEY (user_id, company_id),
  constraint company_subscription_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.data_source (
  id integer default nextval('public.data_source_id_seq'::regclass) not null,
  source_name text not null,
  is_active boolean not null,
  frequency public.frequency not null,
  health_status public.health_status not null,
  description text,
  max_run_seconds integer default 300 not null,
  version text default '1.0'::text not null,
  invocation_endpoint text default ''::text not null,
  additional_params jsonb,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint data_source_pkey PRIMARY KEY (id)
);
CREATE TRIGGER data_source_inserted AFTER INSERT ON public.data_source FOR EACH ROW EXECUTE FUNCTION public.add_data_source_company_relationship();

create table public.measurement_bigint_value (
  id bigint default nextval('public.measurement_bigint_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value numeric not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_bigint_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_bigint_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_bigint_value_point_key ON public.measurement_bigint_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_bigint_value_raw_document_idx ON public.measurement_bigint_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_bool_value (
  id bigint default nextval('public.measurement_bool_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value boolean not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_bool_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_bool_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_bool_value_point_key ON public.measurement_bool_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_bool_value_raw_document_idx ON public.measurement_bool_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_comment_value (
  id integer default nextval('public.measurement_comment_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  sentiment_score integer,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_comment_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_comment_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_comment_value_point_key ON public.measurement_comment_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_comment_value_raw_document_idx ON public.measurement_comment_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);
CREATE INDEX measurement_comment_value_unscored_idx ON public.measurement_comment_value USING btree (raw_document_id) WHERE ((sentiment_score IS NULL) AND (raw_document_id IS NOT NULL));

create table public.measurement_date_value (
  id integer default nextval('public.measurement_date_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value timestamp(3) without time zone not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_date_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_date_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_date_value_point_key ON public.measurement_date_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_date_value_raw_document_idx ON public.measurement_date_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_float_value (
  id integer default nextval('public.measurement_float_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value double precision not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_float_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_float_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_float_value_point_key ON public.measurement_float_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_float_value_raw_document_idx ON public.measurement_float_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_image_value (
  id integer default nextval('public.measurement_image_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_image_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_image_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_image_value_point_key ON public.measurement_image_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_image_value_raw_document_idx ON public.measurement_image_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_int_value (
  id integer default nextval('public.measurement_int_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value integer not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_int_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_int_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_int_value_point_key ON public.measurement_int_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_int_value_raw_document_idx ON public.measurement_int_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_link_value (
  id integer default nextval('public.measurement_link_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_link_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_link_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_link_value_point_key ON public.measurement_link_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_link_value_raw_document_idx ON public.measurement_link_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_nested_value (
  id integer default nextval('public.measurement_nested_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_nested_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_nested_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_nested_value_point_key ON public.measurement_nested_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_nested_value_raw_document_idx ON public.measurement_nested_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_paragraph_value (
  id integer default nextval('public.measurement_paragraph_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_paragraph_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_paragraph_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_paragraph_value_point_key ON public.measurement_paragraph_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_paragraph_value_raw_document_idx ON public.measurement_paragraph_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.measurement_text_value (
  id integer default nextval('public.measurement_text_value_id_seq'::regclass) not null,
  company_measurement_id integer not null,
  value text not null,
  "timestamp" timestamp(3) without time zone not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  item_key text default ''::text not null,
  raw_document_id text,
  constraint measurement_text_value_company_measurement_id_fkey FOREIGN KEY (company_measurement_id) REFERENCES public.company_source_measurement(company_measurement_id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint measurement_text_value_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX measurement_text_value_point_key ON public.measurement_text_value USING btree (company_measurement_id, item_key, "timestamp", raw_document_id);
CREATE INDEX measurement_text_value_raw_document_idx ON public.measurement_text_value USING btree (raw_document_id) WHERE (raw_document_id IS NOT NULL);

create table public.news (
  id integer default nextval('public.news_id_seq'::regclass) not null,
  message text not null,
  company_id integer not null,
  data_source_id integer not null,
  trigger_factor text,
  title text,
  "timestamp" timestamp(3) without time zone not null,
  source_measurement_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint news_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint news_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE RESTRICT,
  constraint news_pkey PRIMARY KEY (id),
  constraint news_source_measurement_id_fkey FOREIGN KEY (source_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE INDEX news_company_id_created_at_idx ON public.news USING btree (company_id, created_at);
CREATE INDEX news_data_source_id_created_at_idx ON public.news USING btree (data_source_id, created_at);
CREATE INDEX news_source_measurement_id_created_at_idx ON public.news USING btree (source_measurement_id, created_at);

create table public.news_subscription (
  user_id integer not null,
  company_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint news_subscription_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint news_subscription_pkey PRIMARY KEY (user_id, company_id),
  constraint news_subscription_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.notification (
  id integer default nextval('public.notification_id_seq'::regclass) not null,
  message text not null,
  company_id integer not null,
  data_source_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint notification_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE RESTRICT,
  constraint notification_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE RESTRICT,
  constraint notification_pkey PRIMARY KEY (id)
);

create table public.notification_channel (
  id integer default nextval('public.notification_channel_id_seq'::regclass) not null,
  channel_type public.channel_type not null,
  destination text not null,
  secret_id text,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint notification_channel_pkey PRIMARY KEY (id)
);

create table public.notification_rules (
  rule_id integer default nextval('public.notification_rules_rule_id_seq'::regclass) not null,
  rule_name text not null,
  source_measurement_id integer not null,
  threshold double precision not null,
  aggregation_method text,
  num_aggregation_entries integer,
  notification_message text,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint notification_rules_pkey PRIMARY KEY (rule_id),
  constraint notification_rules_source_measurement_id_fkey FOREIGN KEY (source_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.notification_subscription (
  user_id integer not null,
  channel_id integer not null,
  channel_purpose public.channel_purpose not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint notification_subscription_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint notification_subscription_pkey PRIMARY KEY (user_id, channel_id),
  constraint notification_subscription_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.report (
  id integer default nextval('public.report_id_seq'::regclass) not null,
  company_id integer not null,
  name text not null,
  report_file_url text not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint report_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE RESTRICT,
  constraint report_pkey PRIMARY KEY (id)
);

create table public.scheduled_task (
  task_id integer default nextval('public.scheduled_task_task_id_seq'::regclass) not null,
  data_source_id integer not null,
  schedule_type public.schedule_type not null,
  scheduled_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  started_at timestamp(3) without time zone,
  ended_at timestamp(3) without time zone,
  max_run_seconds integer default 300 not null,
  result_summary text,
  status public.task_status default 'PENDING'::public.task_status not null,
  attempts integer default 0 not null,
  slot timestamp(3) without time zone,
  constraint scheduled_task_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint scheduled_task_pkey PRIMARY KEY (task_id)
);
CREATE UNIQUE INDEX scheduled_task_data_source_id_slot_key ON public.scheduled_task USING btree (data_source_id, slot);
CREATE INDEX scheduled_task_open_idx ON public.scheduled_task USING btree (status, scheduled_at) WHERE (status = ANY (ARRAY['PENDING'::public.task_status, 'PROCESSING'::public.task_status]));
CREATE INDEX scheduled_task_source_idx ON public.scheduled_task USING btree (data_source_id, scheduled_at);
CREATE TRIGGER scheduled_task_transition BEFORE UPDATE ON public.scheduled_task FOR EACH ROW WHEN (((old.status IS DISTINCT FROM new.status) AND (current_setting('parma.enforce_states'::text, true) = 'on'::text))) EXECUTE FUNCTION pipeline.check_transition('status', 'task_id');

create table public.source_measurement (
  id integer default nextval('public.source_measurement_id_seq'::regclass) not null,
  source_module_id integer not null,
  type text not null,
  measurement_name text not null,
  parent_measurement_id integer,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  is_canonical boolean default false not null,
  constraint source_measurement_parent_measurement_id_fkey FOREIGN KEY (parent_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint source_measurement_pkey PRIMARY KEY (id),
  constraint source_measurement_source_module_id_fkey FOREIGN KEY (source_module_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX source_measurement_canonical_key ON public.source_measurement USING btree (source_module_id, parent_measurement_id, measurement_name, type) NULLS NOT DISTINCT WHERE is_canonical;
CREATE INDEX source_measurement_parent_measurement_id_idx ON public.source_measurement USING btree (parent_measurement_id);
CREATE INDEX source_measurement_source_module_id_idx ON public.source_measurement USING btree (source_module_id);

create table public.user_company_customization (
  id integer default nextval('public.user_company_customization_id_seq'::regclass) not null,
  customization_id integer not null,
  company_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint user_company_customization_company_id_fkey FOREIGN KEY (company_id) REFERENCES public.company(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint user_company_customization_customization_id_fkey FOREIGN KEY (customization_id) REFERENCES public.user_customization(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint user_company_customization_pkey PRIMARY KEY (id)
);

create table public.user_customization (
  id integer default nextval('public.user_customization_id_seq'::regclass) not null,
  name text not null,
  user_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint user_customization_pkey PRIMARY KEY (id),
  constraint user_customization_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.user_important_measurement_preference (
  data_source_id integer not null,
  user_id integer not null,
  important_field_name text not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint user_important_measurement_preference_data_source_id_fkey FOREIGN KEY (data_source_id) REFERENCES public.data_source(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint user_important_measurement_preference_pkey PRIMARY KEY (data_source_id, user_id, important_field_name),
  constraint user_important_measurement_preference_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create table public.user_metric_customization (
  id integer default nextval('public.user_metric_customization_id_seq'::regclass) not null,
  customization_id integer not null,
  source_measurement_id integer not null,
  created_at timestamp(3) without time zone default CURRENT_TIMESTAMP not null,
  modified_at timestamp(3) without time zone not null,
  constraint user_metric_customization_customization_id_fkey FOREIGN KEY (customization_id) REFERENCES public.user_customization(id) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint user_metric_customization_pkey PRIMARY KEY (id),
  constraint user_metric_customization_source_measurement_id_fkey FOREIGN KEY (source_measurement_id) REFERENCES public.source_measurement(id) ON UPDATE CASCADE ON DELETE CASCADE
);

create view pipeline.backfill_progress as
 SELECT backfill.id,
    backfill.mode,
    backfill.data_source_id,
    backfill.from_time,
    backfill.to_time,
    backfill.requested_by,
    backfill.created_at,
    backfill.task_id,
    backfill.cancelled_at,
    backfill.cancelled_by,
        CASE
            WHEN backfill.cancelled_at IS NOT NULL THEN 'CANCELLED'::text
            WHEN backfill.mode = 'PROCESS'::pipeline.backfill_mode THEN
            CASE
                WHEN companies.open > 0 THEN 'RUNNING'::text
                ELSE 'DONE'::text
            END
            WHEN task.status = ANY (ARRAY['PENDING'::public.task_status, 'PROCESSING'::public.task_status]) THEN 'RUNNING'::text
            ELSE 'DONE'::text
        END AS state,
    companies.companies,
        CASE backfill.mode
            WHEN 'PROCESS'::pipeline.backfill_mode THEN companies.documents
            ELSE GREATEST(companies.companies, 1::bigint)
        END AS total,
        CASE backfill.mode
            WHEN 'PROCESS'::pipeline.backfill_mode THEN companies.replaced + companies.run_as_new
            ELSE calls.succeeded
        END AS done,
        CASE backfill.mode
            WHEN 'PROCESS'::pipeline.backfill_mode THEN companies.failed
            ELSE calls.failed
        END AS failed,
    companies.run_as_new,
        CASE
            WHEN backfill.cancelled_at IS NOT NULL THEN backfill.cancelled_at
            WHEN backfill.mode = 'MINE'::pipeline.backfill_mode THEN task.ended_at
            WHEN companies.open = 0 THEN companies.ended_at
            ELSE NULL::timestamp without time zone
        END AS ended_at
   FROM pipeline.backfill
     LEFT JOIN public.scheduled_task task ON task.task_id = backfill.task_id
     CROSS JOIN LATERAL ( SELECT count(*) AS companies,
            count(*) FILTER (WHERE company.ended_at IS NULL) AS open,
            COALESCE(sum(company.documents), 0::bigint) AS documents,
            COALESCE(sum(company.replaced), 0::bigint) AS replaced,
            COALESCE(sum(company.run_as_new), 0::bigint) AS run_as_new,
            COALESCE(sum(company.failed), 0::bigint) AS failed,
            max(company.ended_at) AS ended_at
           FROM pipeline.backfill_company company
          WHERE company.backfill_id = backfill.id) companies
     CROSS JOIN LATERAL ( SELECT count(*) FILTER (WHERE call.state = 'SUCCEEDED'::pipeline.call_state) AS succeeded,
            count(*) FILTER (WHERE call.state = ANY (ARRAY['FAILED'::pipeline.call_state, 'SKIPPED'::pipeline.call_state])) AS failed
           FROM pipeline.mining_call call
          WHERE call.task_id = backfill.task_id) calls;

create view pipeline.job_day as
 SELECT started_at::date AS day,
    job,
    state,
    count(*) AS runs,
    sum(attempts) AS attempts,
    COALESCE(sum(EXTRACT(epoch FROM ended_at - started_at)), 0::numeric)::double precision AS seconds
   FROM pipeline.job_run
  GROUP BY (started_at::date), job, state;

create view pipeline.map_finding as
 SELECT data_source_id,
    map_version,
    path,
        CASE
            WHEN is_mapped THEN 'NEVER_CAME'::text
            ELSE 'NOT_MAPPED'::text
        END AS finding,
    first_seen_in
   FROM pipeline.map_field
  WHERE is_mapped = (first_seen_in IS NULL);

create view pipeline.stored_value as
 SELECT 'int'::text AS type,
    measurement_int_value.company_measurement_id,
    measurement_int_value.item_key,
    measurement_int_value."timestamp",
    measurement_int_value.raw_document_id,
    measurement_int_value.value::text AS value
   FROM public.measurement_int_value
UNION ALL
 SELECT 'bigint'::text AS type,
    measurement_bigint_value.company_measurement_id,
    measurement_bigint_value.item_key,
    measurement_bigint_value."timestamp",
    measurement_bigint_value.raw_document_id,
    measurement_bigint_value.value::text AS value
   FROM public.measurement_bigint_value
UNION ALL
 SELECT 'float'::text AS type,
    measurement_float_value.company_measurement_id,
    measurement_float_value.item_key,
    measurement_float_value."timestamp",
    measurement_float_value.raw_document_id,
    measurement_float_value.value::text AS value
   FROM public.measurement_float_value
UNION ALL
 SELECT 'bool'::text AS type,
    measurement_bool_value.company_measurement_id,
    measurement_bool_value.item_key,
    measurement_bool_value."timestamp",
    measurement_bool_value.raw_document_id,
    measurement_bool_value.value::text AS value
   FROM public.measurement_bool_value
UNION ALL
 SELECT 'text'::text AS type,
    measurement_text_value.company_measurement_id,
    measurement_text_value.item_key,
    measurement_text_value."timestamp",
    measurement_text_value.raw_document_id,
    measurement_text_value.value
   FROM public.measurement_text_value
UNION ALL
 SELECT 'paragraph'::text AS type,
    measurement_paragraph_value.company_measurement_id,
    measurement_paragraph_value.item_key,
    measurement_paragraph_value."timestamp",
    measurement_paragraph_value.raw_document_id,
    measurement_paragraph_value.value
   FROM public.measurement_paragraph_value
UNION ALL
 SELECT 'comment'::text AS type,
    measurement_comment_value.company_measurement_id,
    measurement_comment_value.item_key,
    measurement_comment_value."timestamp",
    measurement_comment_value.raw_document_id,
    measurement_comment_value.value
   FROM public.measurement_comment_value
UNION ALL
 SELECT 'link'::text AS type,
    measurement_link_value.company_measurement_id,
    measurement_link_value.item_key,
    measurement_link_value."timestamp",
    measurement_link_value.raw_document_id,
    measurement_link_value.value
   FROM public.measurement_link_value
UNION ALL
 SELECT 'image'::text AS type,
    measurement_image_value.company_measurement_id,
    measurement_image_value.item_key,
    measurement_image_value."timestamp",
    measurement_image_value.raw_document_id,
    measurement_image_value.value
   FROM public.measurement_image_value
UNION ALL
 SELECT 'date'::text AS type,
    measurement_date_value.company_measurement_id,
    measurement_date_value.item_key,
    measurement_date_value."timestamp",
    measurement_date_value.raw_document_id,
    measurement_date_value.value::text AS value
   FROM public.measurement_date_value
UNION ALL
 SELECT 'nested'::text AS type,
    measurement_nested_value.company_measurement_id,
    measurement_nested_value.item_key,
    measurement_nested_value."timestamp",
    measurement_nested_value.raw_document_id,
    measurement_nested_value.value
   FROM public.measurement_nested_value;

CREATE OR REPLACE FUNCTION pipeline.calls_per_day(additional_params jsonb)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when additional_params ->> 'calls_per_day' ~ '^[0-9]{1,9}$'
           then (additional_params ->> 'calls_per_day')::integer
         end
$function$;

CREATE OR REPLACE FUNCTION pipeline.check_transition()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  changed text := tg_table_schema || '.' || tg_table_name;
  old_state text := to_jsonb(old) ->> tg_argv[0];
  new_state text := to_jsonb(new) ->> tg_argv[0];
  changed_key text := to_jsonb(old) ->> tg_argv[1];
begin
  if exists (
    select from pipeline.state_transition allowed
     where allowed.work = changed and from_state = old_state and to_state = new_state
  ) then
    return new;
  end if;
  insert into pipeline.refused_transition (work, row_key, from_state, to_state)
  values (changed, changed_key, old_state, new_state);
  raise warning 'Refused: % % may not go from % to %', changed, changed_key, old_state, new_state;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION pipeline.grant_access()
 RETURNS text[]
 LANGUAGE plpgsql
AS $function$
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
$function$;
revoke execute on function pipeline.grant_access() from public;

CREATE OR REPLACE FUNCTION pipeline.is_erased(kind pipeline.erasure_kind, id bigint)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select exists (select from pipeline.erasure where erasure.kind = $1 and erasure.subject_id = $2)
$function$;

CREATE OR REPLACE FUNCTION pipeline.move_operator_notices()
 RETURNS integer
 LANGUAGE sql
AS $function$
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
$function$;
revoke execute on function pipeline.move_operator_notices() from public;

CREATE OR REPLACE FUNCTION pipeline.set_destination()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into pipeline.destination (kind, channel_id) values ('CHANNEL', new.channel_id) on conflict (channel_id) do nothing;
  select id into new.destination_id from pipeline.destination where channel_id = new.channel_id;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.add_company_data_source_relationship()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    begin
      insert into public.company_data_source
        (data_source_id, company_id, is_data_source_active, health_status, modified_at)
      select id, new.id, true, 'UP', now() from public.data_source;
      return new;
    end;
    $function$;

CREATE OR REPLACE FUNCTION public.add_data_source_company_relationship()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
    begin
      insert into public.company_data_source
        (data_source_id, company_id, is_data_source_active, health_status, modified_at)
      select new.id, id, true, 'UP', now() from public.company;
      return new;
    end;
    $function$;

grant usage on all later sequences of pipeline to parma_functions;
grant delete, insert, select, update on all later tables of pipeline to parma_functions;
grant select on all later tables of pipeline to parma_readonly;
grant delete, insert, select, update on pipeline.analysis to parma_functions;
grant select on pipeline.analysis to parma_readonly;
grant delete, insert, select, update on pipeline.backfill to parma_functions;
grant select on pipeline.backfill to parma_readonly;
grant delete, insert, select, update on pipeline.backfill_company to parma_functions;
grant select on pipeline.backfill_company to parma_readonly;
grant delete, insert, select, update on pipeline.backfill_failure to parma_functions;
grant select on pipeline.backfill_failure to parma_readonly;
grant usage on pipeline.backfill_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.backfill_progress to parma_functions;
grant select on pipeline.backfill_progress to parma_readonly;
grant delete, insert, select, update on pipeline.cancelled_task to parma_functions;
grant select on pipeline.cancelled_task to parma_readonly;
grant delete, insert, select, update on pipeline.channel_pause to parma_functions;
grant select on pipeline.channel_pause to parma_readonly;
grant delete, insert, select, update on pipeline.channel_status to parma_functions;
grant select on pipeline.channel_status to parma_readonly;
grant delete, insert, select, update on pipeline.company_domain to parma_functions;
grant select on pipeline.company_domain to parma_readonly;
grant delete, insert, select, update on pipeline.company_key to parma_functions;
grant select on pipeline.company_key to parma_readonly;
grant delete, insert, select, update on pipeline.company_turn to parma_functions;
grant select on pipeline.company_turn to parma_readonly;
grant delete, insert, select, update on pipeline.data_check to parma_functions;
grant select on pipeline.data_check to parma_readonly;
grant delete, insert, select, update on pipeline.data_check_row to parma_functions;
grant select on pipeline.data_check_row to parma_readonly;
grant delete, insert, select, update on pipeline.data_problem to parma_functions;
grant select on pipeline.data_problem to parma_readonly;
grant delete, insert, select, update on pipeline.delivery to parma_functions;
grant select on pipeline.delivery to parma_readonly;
grant delete, insert, select, update on pipeline.delivery_finding to parma_functions;
grant select on pipeline.delivery_finding to parma_readonly;
grant usage on pipeline.delivery_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.destination to parma_functions;
grant select on pipeline.destination to parma_readonly;
grant usage on pipeline.destination_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.detector_state to parma_functions;
grant select on pipeline.detector_state to parma_readonly;
grant delete, insert, select, update on pipeline.document_walk to parma_functions;
grant select on pipeline.document_walk to parma_readonly;
grant delete, insert, select, update on pipeline.erasure to parma_functions;
grant select on pipeline.erasure to parma_readonly;
grant usage on pipeline.erasure_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.failed_discovery to parma_functions;
grant select on pipeline.failed_discovery to parma_readonly;
grant delete, insert, select, update on pipeline.finding to parma_functions;
grant select on pipeline.finding to parma_readonly;
grant usage on pipeline.finding_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.finding_part to parma_functions;
grant select on pipeline.finding_part to parma_readonly;
grant delete, insert, select, update on pipeline.job_day to parma_functions;
grant select on pipeline.job_day to parma_readonly;
grant delete, insert, select, update on pipeline.job_run to parma_functions;
grant select on pipeline.job_run to parma_readonly;
grant usage on pipeline.job_run_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.language_use to parma_functions;
grant select on pipeline.language_use to parma_readonly;
grant delete, insert, select, update on pipeline.map_field to parma_functions;
grant select on pipeline.map_field to parma_readonly;
grant delete, insert, select, update on pipeline.map_finding to parma_functions;
grant select on pipeline.map_finding to parma_readonly;
grant delete, insert, select, update on pipeline.measurement_period to parma_functions;
grant select on pipeline.measurement_period to parma_readonly;
grant select on pipeline.migration to parma_functions;
grant select on pipeline.migration to parma_readonly;
grant usage on pipeline.migration_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.mining_call to parma_functions;
grant select on pipeline.mining_call to parma_readonly;
grant usage on pipeline.mining_call_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.mining_cursor to parma_functions;
grant select on pipeline.mining_cursor to parma_readonly;
grant delete, insert, select, update on pipeline.module_request to parma_functions;
grant select on pipeline.module_request to parma_readonly;
grant usage on pipeline.module_request_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.mute to parma_functions;
grant select on pipeline.mute to parma_readonly;
grant delete, insert, select, update on pipeline.normalization_issue to parma_functions;
grant select on pipeline.normalization_issue to parma_readonly;
grant delete, insert, select, update on pipeline.notice to parma_functions;
grant select on pipeline.notice to parma_readonly;
grant usage on pipeline.notice_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.operation to parma_functions;
grant select on pipeline.operation to parma_readonly;
grant usage on pipeline.operation_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.operator_notice to parma_functions;
grant select on pipeline.operator_notice to parma_readonly;
grant usage on pipeline.operator_notice_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.raw_document to parma_functions;
grant select on pipeline.raw_document to parma_readonly;
grant delete, insert, select, update on pipeline.refused_transition to parma_functions;
grant select on pipeline.refused_transition to parma_readonly;
grant usage on pipeline.refused_transition_id_seq to parma_functions;
grant delete, insert, select, update on pipeline.report_run to parma_functions;
grant select on pipeline.report_run to parma_readonly;
grant delete, insert, select, update on pipeline.retention to parma_functions;
grant select on pipeline.retention to parma_readonly;
grant delete, insert, select, update on pipeline.rule_setting to parma_functions;
grant select on pipeline.rule_setting to parma_readonly;
grant delete, insert, select, update on pipeline.series_unit to parma_functions;
grant select on pipeline.series_unit to parma_readonly;
grant delete, insert, select, update on pipeline.source_breaker to parma_functions;
grant select on pipeline.source_breaker to parma_readonly;
grant delete, insert, select, update on pipeline.source_day to parma_functions;
grant select on pipeline.source_day to parma_readonly;
grant delete, insert, select, update on pipeline.source_pause to parma_functions;
grant select on pipeline.source_pause to parma_readonly;
grant select on pipeline.state_transition to parma_functions;
grant select on pipeline.state_transition to parma_readonly;
grant delete, insert, select, update on pipeline.stored_value to parma_functions;
grant select on pipeline.stored_value to parma_readonly;
grant delete, insert, select, update on pipeline.task_run to parma_functions;
grant select on pipeline.task_run to parma_readonly;
grant delete, insert, select, update on public."user" to parma_functions;
grant select on public."user" to parma_readonly;
grant delete, insert, select, update on public.bucket to parma_functions;
grant select on public.bucket to parma_readonly;
grant delete, insert, select, update on public.bucket_access to parma_functions;
grant select on public.bucket_access to parma_readonly;
grant usage on public.bucket_id_seq to parma_functions;
grant delete, insert, select, update on public.company to parma_functions;
grant select on public.company to parma_readonly;
grant delete, insert, select, update on public.company_attachment to parma_functions;
grant select on public.company_attachment to parma_readonly;
grant usage on public.company_attachment_id_seq to parma_functions;
grant delete, insert, select, update on public.company_bucket_membership to parma_functions;
grant select on public.company_bucket_membership to parma_readonly;
grant delete, insert, select, update on public.company_data_source to parma_functions;
grant select on public.company_data_source to parma_readonly;
grant usage on public.company_data_source_id_seq to parma_functions;
grant delete, insert, select, update on public.company_data_source_identifier to parma_functions;
grant select on public.company_data_source_identifier to parma_readonly;
grant usage on public.company_data_source_identifier_id_seq to parma_functions;
grant usage on public.company_id_seq to parma_functions;
grant delete, insert, select, update on public.company_source_measurement to parma_functions;
grant select on public.company_source_measurement to parma_readonly;
grant usage on public.company_source_measurement_company_measurement_id_seq to parma_functions;
grant delete, insert, select, update on public.company_subscription to parma_functions;
grant select on public.company_subscription to parma_readonly;
grant delete, insert, select, update on public.data_source to parma_functions;
grant select on public.data_source to parma_readonly;
grant usage on public.data_source_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_bigint_value to parma_functions;
grant select on public.measurement_bigint_value to parma_readonly;
grant usage on public.measurement_bigint_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_bool_value to parma_functions;
grant select on public.measurement_bool_value to parma_readonly;
grant usage on public.measurement_bool_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_comment_value to parma_functions;
grant select on public.measurement_comment_value to parma_readonly;
grant usage on public.measurement_comment_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_date_value to parma_functions;
grant select on public.measurement_date_value to parma_readonly;
grant usage on public.measurement_date_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_float_value to parma_functions;
grant select on public.measurement_float_value to parma_readonly;
grant usage on public.measurement_float_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_image_value to parma_functions;
grant select on public.measurement_image_value to parma_readonly;
grant usage on public.measurement_image_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_int_value to parma_functions;
grant select on public.measurement_int_value to parma_readonly;
grant usage on public.measurement_int_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_link_value to parma_functions;
grant select on public.measurement_link_value to parma_readonly;
grant usage on public.measurement_link_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_nested_value to parma_functions;
grant select on public.measurement_nested_value to parma_readonly;
grant usage on public.measurement_nested_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_paragraph_value to parma_functions;
grant select on public.measurement_paragraph_value to parma_readonly;
grant usage on public.measurement_paragraph_value_id_seq to parma_functions;
grant delete, insert, select, update on public.measurement_text_value to parma_functions;
grant select on public.measurement_text_value to parma_readonly;
grant usage on public.measurement_text_value_id_seq to parma_functions;
grant delete, insert, select, update on public.news to parma_functions;
grant select on public.news to parma_readonly;
grant usage on public.news_id_seq to parma_functions;
grant delete, insert, select, update on public.news_subscription to parma_functions;
grant select on public.news_subscription to parma_readonly;
grant delete, insert, select, update on public.notification to parma_functions;
grant select on public.notification to parma_readonly;
grant delete, insert, select, update on public.notification_channel to parma_functions;
grant select on public.notification_channel to parma_readonly;
grant usage on public.notification_channel_id_seq to parma_functions;
grant usage on public.notification_id_seq to parma_functions;
grant delete, insert, select, update on public.notification_rules to parma_functions;
grant select on public.notification_rules to parma_readonly;
grant usage on public.notification_rules_rule_id_seq to parma_functions;
grant delete, insert, select, update on public.notification_subscription to parma_functions;
grant select on public.notification_subscription to parma_readonly;
grant delete, insert, select, update on public.report to parma_functions;
grant select on public.report to parma_readonly;
grant usage on public.report_id_seq to parma_functions;
grant delete, insert, select, update on public.scheduled_task to parma_functions;
grant select on public.scheduled_task to parma_readonly;
grant usage on public.scheduled_task_task_id_seq to parma_functions;
grant delete, insert, select, update on public.source_measurement to parma_functions;
grant select on public.source_measurement to parma_readonly;
grant usage on public.source_measurement_id_seq to parma_functions;
grant delete, insert, select, update on public.user_company_customization to parma_functions;
grant select on public.user_company_customization to parma_readonly;
grant usage on public.user_company_customization_id_seq to parma_functions;
grant delete, insert, select, update on public.user_customization to parma_functions;
grant select on public.user_customization to parma_readonly;
grant usage on public.user_customization_id_seq to parma_functions;
grant usage on public.user_id_seq to parma_functions;
grant delete, insert, select, update on public.user_important_measurement_preference to parma_functions;
grant select on public.user_important_measurement_preference to parma_readonly;
grant delete, insert, select, update on public.user_metric_customization to parma_functions;
grant select on public.user_metric_customization to parma_readonly;
grant usage on public.user_metric_customization_id_seq to parma_functions;
grant usage on schema pipeline to parma_functions;
grant usage on schema pipeline to parma_readonly;
grant usage on schema public to parma_functions;
grant usage on schema public to parma_readonly;
