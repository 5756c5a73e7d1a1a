-- A call whose process died while others ran in it: it runs in a process of its own from then on, so that the company
-- that ends its process is found out, and the others succeed.
alter table pipeline.mining_call add column runs_alone boolean not null default false;
