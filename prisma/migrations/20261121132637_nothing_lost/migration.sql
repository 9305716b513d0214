-- Which keys may pause and resume provider accounts.
alter table api_key add column operator boolean not null default false;

alter table attempt add column webhook_key bytea;

alter table generation add column pixels integer;

-- An account is paused for as long as it has a row here; before, for as long as `resumes_at` lay ahead.
alter table account_pause drop column resumes_at;
alter table account_pause add column probe_at timestamptz(6), add column probes integer not null default 0;
update account_pause set probe_at = now();

create table idempotency (
  project_id uuid not null,
  subject uuid not null,
  key text not null,
  generation_id uuid not null,
  request_hash bytea not null,
  expires_at timestamptz(6) not null,
  constraint idempotency_pkey primary key (project_id, subject, key)
);
create index idempotency_expires_at_idx on idempotency (expires_at);

create table webhook_hint (
  generation_id uuid not null,
  n integer not null,
  task_id text not null,
  received_at timestamptz(6) not null default current_timestamp,
  constraint webhook_hint_pkey primary key (generation_id, n)
);

create table run_time (
  id bigserial not null,
  model text not null,
  size text not null,
  lower_ms integer not null,
  upper_ms integer not null,
  at timestamptz(6) not null default current_timestamp,
  constraint run_time_pkey primary key (id)
);
create index run_time_model_size_id_idx on run_time (model, size, id desc);
