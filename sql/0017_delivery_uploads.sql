-- What a delivery has uploaded to its provider: the provider's file id by the SHA-256 of the file. A retry shows it again.
alter table pipeline.delivery add column uploads jsonb not null default '{}';
