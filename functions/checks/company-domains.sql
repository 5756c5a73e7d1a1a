-- title: A domain belongs to one company
-- severity: warn
-- means: Several companies have the same domain, from a CRM or in their description, so they are probably one company.
-- do: Merge them in the web application: move the newer one's followers to the older one, then delete the newer one.
--
-- Reads all companies: thousands, not millions.
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
