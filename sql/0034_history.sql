-- What was observed long before it came is history: it is shown, and told in one summary.

alter table pipeline.finding add column if not exists is_history boolean not null default false;
alter table pipeline.delivery add column if not exists is_live boolean not null default true;
comment on column pipeline.delivery.is_live is 'false while it waits with nothing but history: until no more comes';
