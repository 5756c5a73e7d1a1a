-- Names of companies as they are compared (functions/src/domain/company/companyKey.ts makes the keys, because PostgreSQL
-- folds case by its collation). A key is as old as the name that it was made of: whoever looks one up makes those that are
-- missing first.
create table pipeline.company_key (
  company_id integer primary key references public.company (id) on update cascade on delete cascade,
  name text not null,
  name_key text not null
);
-- Names may be longer than an index entry.
create index company_key_name_key_idx on pipeline.company_key using hash (name_key);
