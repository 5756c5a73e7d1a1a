-- title: A domain belongs to one company
-- severity: warn
-- means: Several companies have the same domain, in what a CRM said or as their description: they are one company.
-- do: Merge them in the web application: move what follows the younger one, then remove it.
--
-- Reads all companies, of which there are thousands and not millions.
with named as (
  select domain, company_id from pipeline.company_domain
  union
  select regexp_replace(lower(btrim(description)), '^www\.', ''), id
    from public.company
   where btrim(description) ~* '^([a-z0-9-]+\.)+[a-z]{2,}$'
)
select array_agg(company_id order by company_id) as company_ids
  from named
 group by domain
having count(*) > 1
