-- title: Values are plausible
-- severity: halt
-- means: A source delivered impossible values: observations from the future, not-a-number or infinite values, infinite
--   dates, or negative counts. Or a sentiment score is outside 0 to 10, which is our own error and pauses nothing.
-- do: Fix the module or the map, then delete the values, or process their documents again with
--   `scripts/dev ops backfill`. The source then resumes by itself. If a value is right after all, overrule the check with
--   `scripts/dev ops resume`.
--
-- Documents of the last two days, or from two days before it paused the first source. A day ahead is what feeding
-- allows: the module's clock and its time zone. Reads raw_document_changed_idx for each source, and values by
-- measurement_*_value_raw_document_idx.
with recent as (
  select document.id, document.data_source_id, document.company_id, document.observed_at, document.received_at
    from public.data_source source
    join pipeline.raw_document document
      on document.data_source_id = source.id and document.state_since >= $2::timestamp(3)
   where document.state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM')
), odd as (
  select raw_document_id, company_measurement_id, 'is not a number' as problem, false as is_count
    from recent join public.measurement_float_value on raw_document_id = recent.id
   where value in ('NaN', 'Infinity', '-Infinity')
  union all
  select raw_document_id, company_measurement_id, 'is not a number', false
    from recent join public.measurement_bigint_value on raw_document_id = recent.id
   where value in ('NaN', 'Infinity', '-Infinity')
  union all
  select raw_document_id, company_measurement_id, 'is not a date', false
    from recent join public.measurement_date_value on raw_document_id = recent.id
   where not isfinite(value)
  union all
  select raw_document_id, company_measurement_id, 'is a negative count', true
    from recent join public.measurement_int_value on raw_document_id = recent.id
   where value < 0
  union all
  select raw_document_id, company_measurement_id, 'is a negative count', true
    from recent join public.measurement_bigint_value on raw_document_id = recent.id
   where value < 0 and value > '-Infinity'
  union all
  select raw_document_id, company_measurement_id, 'is a negative count', true
    from recent join public.measurement_float_value on raw_document_id = recent.id
   where value < 0 and value > '-Infinity'
)
select recent.data_source_id, recent.company_id, recent.id as raw_document_id,
       odd.company_measurement_id, measurement.measurement_name as measurement, odd.problem
  from odd
  join recent on recent.id = odd.raw_document_id
  join public.company_source_measurement series using (company_measurement_id)
  join public.source_measurement measurement on measurement.id = series.source_measurement_id
 where not odd.is_count or measurement.measurement_name ~* '\mcounts?$|^number of '
union all
select data_source_id, company_id, id, null, null,
       format('observed at %s, received at %s', observed_at, received_at)
  from recent
 where observed_at > received_at + interval '1 day'
union all
select null, recent.company_id, recent.id, comment.company_measurement_id, null,
       format('sentiment %s', comment.sentiment_score)
  from recent
  join public.measurement_comment_value comment on comment.raw_document_id = recent.id
 where comment.sentiment_score not between 0 and 10
