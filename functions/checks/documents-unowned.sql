-- title: Raw documents say whose they are
-- severity: warn
-- means: Raw documents that a module wrote into Firestore name no data source or company that there is.
-- do: `scripts/dev ops failed` lists them with their reasons. Correct the module, or create the data source under the name
--   that the path has; then run them again by `scripts/dev ops retry`.
--
-- The last two days. Reads raw_document_changed_idx for no source.
select document.id as raw_document_id, document.state_since as failed_at
  from pipeline.raw_document document
 where document.data_source_id is null and document.state = 'FAILED' and document.state_since >= $2::timestamp(3)
 order by document.state_since desc
 limit 100
