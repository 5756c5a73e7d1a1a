-- In which unit or currency a source gives a series: what comes in another one is another series.

create table if not exists pipeline.series_unit (
  company_measurement_id integer not null
    references public.company_source_measurement (company_measurement_id) on update cascade on delete cascade,
  item_key text not null,
  unit text not null,
  primary key (company_measurement_id, item_key)
);

-- Which period the values of a measurement are about.
create table if not exists pipeline.measurement_period (
  source_measurement_id integer primary key
    references public.source_measurement (id) on update cascade on delete cascade,
  period text not null check (period in ('day', 'week', 'month', 'quarter', 'year'))
);
