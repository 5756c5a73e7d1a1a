-- What a rule or a detector found at one point of one series: the key that makes finding it twice harmless, and
-- the numbers and names that its news may state.
create table pipeline.finding (
  id bigint generated always as identity primary key,
  news_id integer not null unique references public.news (id) on delete cascade,
  -- 'rule:12', 'change' or 'anomaly'
  detector text not null,
  company_measurement_id integer not null,
  item_key text not null,
  observed_at timestamp(3) not null,
  severity text not null,
  facts jsonb not null,
  -- When better words replaced the template's.
  improved_at timestamp(3),
  unique (detector, company_measurement_id, item_key, observed_at)
);
