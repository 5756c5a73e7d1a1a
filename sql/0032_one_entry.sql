-- What is told as a part of another finding: the same cause, in the same document.

create table if not exists pipeline.finding_part (
  detector text not null,
  company_measurement_id integer not null,
  item_key text not null,
  observed_at timestamp(3) not null,
  direction text,
  finding_id bigint not null references pipeline.finding (id) on delete cascade,
  primary key (detector, company_measurement_id, item_key, observed_at)
);
create index if not exists finding_part_finding_idx on pipeline.finding_part (finding_id);
create index if not exists finding_part_series_idx
  on pipeline.finding_part (company_measurement_id, item_key, observed_at);
create index if not exists finding_series_idx on pipeline.finding (company_measurement_id, item_key, observed_at);

-- What a rule asks of a change beside its percentage. The rules themselves are the web application's.
create table if not exists pipeline.rule_setting (
  rule_id integer primary key references public.notification_rules (rule_id) on update cascade on delete cascade,
  minimum_change double precision check (minimum_change >= 0)
);
comment on column pipeline.rule_setting.minimum_change is 'in the units of the measurement; null is the default by its level';
