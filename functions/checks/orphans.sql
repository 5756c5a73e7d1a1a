-- title: No orphaned values, findings or alerts
-- severity: warn
-- means: There are values without a raw document, findings without a series, or alerts without a finding.
-- do: Someone deleted rows by hand, or a deletion was incomplete. Nothing shows whether values of an unknown document are
--   right, so delete them by their raw_document_id.
--
-- The last two days, and of each table its newest rows by its primary key (50,000 values, 10,000 findings and alerts).
with recent_value as (
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_int_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_bigint_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_float_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_bool_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_text_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_paragraph_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_comment_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_link_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_image_value order by id desc limit 50000)
  union all
  (select raw_document_id, company_measurement_id, created_at
     from public.measurement_date_value order by id desc limit 50000)
), recent_document as (
  select raw_document_id, min(company_measurement_id) as company_measurement_id, count(*) as values
    from recent_value
   where raw_document_id is not null and created_at >= $2::timestamp(3)
   group by raw_document_id
), recent_finding as (
  select id, news_id, company_measurement_id from pipeline.finding order by id desc limit 10000
), recent_alert as (
  select id, created_at, state, kind from pipeline.delivery order by id desc limit 10000
)
select measurement.source_module_id as data_source_id, series.company_id,
       format('%s values of an unknown raw document', orphan.values) as problem, orphan.raw_document_id as id
  from recent_document orphan
  join public.company_source_measurement series using (company_measurement_id)
  join public.source_measurement measurement on measurement.id = series.source_measurement_id
 where not exists (select from pipeline.raw_document document where document.id = orphan.raw_document_id)
union all
select news.data_source_id, news.company_id, 'a finding of a series that is gone', orphan.id::text
  from recent_finding orphan
  join public.news on news.id = orphan.news_id and news.created_at >= $2::timestamp(3)
 where not exists (
   select from public.company_source_measurement series
    where series.company_measurement_id = orphan.company_measurement_id)
union all
select null, null, 'an alert without findings', orphan.id::text
  from recent_alert orphan
 where orphan.kind = 'ALERT' and orphan.state <> 'SUPPRESSED' and orphan.created_at >= $2::timestamp(3)
   and not exists (
     select from pipeline.delivery_finding told where told.delivery_id = orphan.id)
