-- Providers take so many messages at a time. What has to wait for its turn, or was told to, has not been tried.

alter table pipeline.destination add column if not exists next_turn_at timestamp(3);
comment on column pipeline.destination.next_turn_at is 'when the next message may go there';
alter table pipeline.delivery add column if not exists waits integer not null default 0;
alter table pipeline.delivery add column if not exists turn_at timestamp(3);
comment on column pipeline.delivery.waits is 'attempts that ended with waiting, not with a failure';
comment on column pipeline.delivery.turn_at is 'the turn at its destination that it waits for';
