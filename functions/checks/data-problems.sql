-- title: Sources send real data
-- severity: warn
-- means: A source sent documents that are empty, hold a page without its content, or have only zeros where earlier ones
--   did not. They produced no news, and their values are in no history.
-- do: Check the module's answers and log: it failed without reporting it. pipeline.data_problem lists the documents.
--
-- The last two days. Reads data_problem_source_idx for each source.
select source.id as data_source_id, found.documents, found.last_found_at
  from public.data_source source
 cross join lateral (
   select count(*) as documents, max(problem.found_at) as last_found_at
     from pipeline.data_problem problem
    where problem.data_source_id = source.id and problem.found_at >= $2::timestamp(3)
 ) as found
 where found.documents > 0
