-- The metadata truth of OpenWit: which batches there are, where they lie, how far each follower of each log is.

-- One row a start of a node. The log's first epoch tells the logs of a node apart, as each counts its positions from 0.
create table openwit_nodes (
    node        text        not null,
    epoch       bigint      not null,
    incarnation text        not null,
    log_epoch   bigint      not null,
    started_at  timestamptz not null,
    primary key (node, epoch)
);

-- One row a batch, inserted once and never changed: later states follow from the positions of the followers.
-- The day stands in the key so that the table can be partitioned by it.
create table openwit_batches (
    id             text        not null,
    day            date        not null,
    node           text        not null,
    incarnation    text        not null,
    epoch          bigint      not null,
    sequence       bigint      not null,
    log_epoch      bigint      not null,
    tenant         text        not null,
    signal         text        not null,
    segment        bigint      not null,
    segment_offset bigint      not null,
    position       bigint      not null,
    end_position   bigint      not null,
    rows           integer     not null,
    duplicates     integer     not null,
    bytes          bigint      not null,
    min_time       bigint,
    max_time       bigint,
    sources        jsonb       not null,
    arrival        timestamptz not null,
    primary key (id, day)
);
comment on column openwit_batches.min_time is 'nanoseconds since 1970 of the earliest row; null where no row has a time';
comment on column openwit_batches.bytes is 'bytes of the requests that the rows came in, after decompression';
comment on column openwit_batches.position is 'bytes since the log began';
create index openwit_batches_by_tenant_and_arrival on openwit_batches (tenant, arrival);

-- What the positions do not say.
create table openwit_batch_failures (
    id      text        not null primary key,
    stage   text        not null,
    message text        not null,
    at      timestamptz not null
);

-- How far each follower of a node's log is now: everything before the position is done.
create table openwit_follower_positions (
    node      text        not null,
    follower  text        not null,
    log_epoch bigint      not null,
    position  bigint      not null,
    at        timestamptz not null,
    primary key (node, follower)
);

-- The same, at steps of a second, so that the time of a batch's state is known to the second.
create table openwit_follower_history (
    node      text        not null,
    follower  text        not null,
    log_epoch bigint      not null,
    position  bigint      not null,
    at        timestamptz not null,
    primary key (node, follower, log_epoch, position)
);
create index openwit_follower_history_by_age on openwit_follower_history (at);
