-- title: A series has one value at a time
-- severity: warn
-- means: In one run, a source reported two different values for the same series and time.
-- do: Fix the module: it contradicts itself, or its documents do not say which of a company's handles they are about (by
--   an id, a URL or a name). Only one of the two values is compared with earlier ones.
--
-- Documents of the last two days. In another run it is a correction, and nothing is wrong. Reads
-- raw_document_changed_idx for each source, raw_document_source_idx for documents of the same moment, and the values
-- of those by measurement_*_value_raw_document_idx.
select distinct one.data_source_id, one.company_id, doubled.company_measurement_id, one.observed_at,
       one.id as raw_document_id, other.id as other_raw_document_id
  from public.data_source source
  join pipeline.raw_document one on one.data_source_id = source.id and one.state_since >= $2::timestamp(3)
  join pipeline.raw_document other
    on other.data_source_id = one.data_source_id and other.company_id = one.company_id
   and other.observed_at = one.observed_at
   and other.task_id = one.task_id and other.subject = one.subject and other.id > one.id
 cross join lateral (
   select value.company_measurement_id
     from pipeline.stored_value value
    where value.raw_document_id in (one.id, other.id)
    group by value.company_measurement_id, value.item_key, value."timestamp"
   having min(value.value) <> max(value.value)
 ) as doubled
 where one.state = 'ANALYZED' and other.state = 'ANALYZED'
