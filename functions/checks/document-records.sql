-- title: Records of raw documents are consistent
-- severity: warn
-- means: A raw document's records contradict each other: its issue count is wrong, or it is marked as analyzed without a
--   record of the analysis.
-- do: This is a bug in this backend, or someone edited rows by hand. Search the log for the document's id.
--
-- Documents of the last two days; of those that retention removed, the issues went with them. Reads
-- raw_document_changed_idx for each source, the rest by primary keys.
select document.data_source_id, document.company_id, document.id as raw_document_id, found.problem
  from public.data_source source
  join pipeline.raw_document document
    on document.data_source_id = source.id and document.state_since >= $2::timestamp(3)
  left join pipeline.analysis on analysis.raw_document_id = document.id
  left join pipeline.data_problem on data_problem.raw_document_id = document.id
 cross join lateral (
   select count(*) from pipeline.normalization_issue issue where issue.raw_document_id = document.id
 ) as issues
 cross join lateral (
   select format('counts %s issues, and has %s', document.issue_count, issues.count) as problem
    where document.state in ('NORMALIZED', 'ANALYZED', 'DATA_PROBLEM') and issues.count <> document.issue_count
      and document.removed_at is null
   union all
   select format('is %s, its analysis %s', document.state, coalesce(analysis.state::text, 'missing'))
    where document.state in ('ANALYZED', 'DATA_PROBLEM')
      and analysis.state::text is distinct from document.state::text
   union all
   select 'is a data problem without saying which'
    where document.state = 'DATA_PROBLEM' and data_problem.raw_document_id is null
 ) as found
