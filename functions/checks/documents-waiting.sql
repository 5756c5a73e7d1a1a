-- title: Raw documents are worked on
-- severity: warn
-- means: Raw documents have been waiting for their normalization or their analysis for more than an hour.
-- do: See whether the functions of stages 4 and 5 run, and whether the sweep does; its runs are in pipeline.job_run.
--   The sweep sets such documents going again by itself, and fails them with their reason in the end.
--
-- Reads raw_document_open_idx: what is open stays few.
select data_source_id, company_id, id as raw_document_id, lower(state::text) as state, state_since, attempt
  from pipeline.raw_document
 where state in ('RECEIVED', 'NORMALIZED') and state_since < $1::timestamp(3) - interval '1 hour'
 order by state_since
