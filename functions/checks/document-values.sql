-- title: No value is lost
-- severity: warn
-- means: The number of values stored for a raw document differs from the number it produced.
-- do: If someone deleted a measurement, its values went with it and nothing is wrong. Otherwise values were lost, or
--   something else wrote them. The document is kept: process it again with `scripts/dev ops backfill`.
--
-- Documents of the last two days, but for those whose values retention removed. Reads raw_document_changed_idx for each source, and counts by
-- measurement_*_value_raw_document_idx.
select document.data_source_id, document.company_id, document.id as raw_document_id,
       document.value_count as counted, stored.count as stored
  from public.data_source source
  join pipeline.raw_document document
    on document.data_source_id = source.id and document.state_since >= $2::timestamp(3)
 cross join lateral (
   select count(*) from pipeline.stored_value value where value.raw_document_id = document.id
 ) as stored
 where document.state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM') and stored.count <> document.value_count
   and document.values_removed_at is null
