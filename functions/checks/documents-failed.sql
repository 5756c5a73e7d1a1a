-- title: Raw documents can be normalized
-- severity: warn
-- means: At least 5 raw documents of a source, and at least a tenth of those processed, have failed.
-- do: List them and their reasons with `scripts/dev ops failed`. Fix the map or the module, then run them again with
--   `scripts/dev ops retry`.
--
-- The last two days. Reads raw_document_changed_idx for each source.
select source.id as data_source_id,
       count(*) filter (where document.state = 'FAILED') as failed,
       count(*) as documents
  from public.data_source source
  join pipeline.raw_document document
    on document.data_source_id = source.id and document.state_since >= $2::timestamp(3)
 where document.state <> 'RECEIVED'
 group by source.id
having count(*) filter (where document.state = 'FAILED') >= greatest(5, 0.1 * count(*))
