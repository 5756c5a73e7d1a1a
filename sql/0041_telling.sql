-- How common a measurement's news is over the companies: newest first, without the others' news.
create index if not exists news_source_measurement_id_created_at_idx on public.news (source_measurement_id, created_at);

-- Series with a rhythm of weekdays are compared with the same weekday, unless the rule says otherwise.
alter table pipeline.rule_setting
  add column if not exists tells_rhythm boolean not null default false;
comment on column pipeline.rule_setting.tells_rhythm is 'true: a change that comes every week is told, too';
