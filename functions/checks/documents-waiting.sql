-- title: Raw documents are processed in time
-- severity: warn
-- means: Raw documents have been waiting for more than an hour to be normalized or analyzed.
-- do: Check that normalizeRawData and analyzeBatch run, and the sweep as well (`scripts/dev ops runs --job sweep`). The
--   sweep retries such documents by itself, and in the end fails them with the reason.
--
-- Reads raw_document_open_idx: what is open stays few.
select data_source_id, company_id, id as raw_document_id, lower(state::text) as state, state_since, attempt
  from pipeline.raw_document
 where state in ('RECEIVED', 'NORMALIZED') and state_since < $1::timestamp(3) - interval '1 hour'
 order by state_since
