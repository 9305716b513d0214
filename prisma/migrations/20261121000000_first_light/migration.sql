create type generation_status as enum (
  'QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING', 'SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED'
);
create type attempt_state as enum ('INTENDED', 'SENT', 'ACCEPTED', 'DONE', 'LOST', 'REFUSED');
create type control_kind as enum ('NONE', 'CANNY', 'DEPTH', 'FILL');
create type moderation_stage as enum ('INPUT', 'OUTPUT');
create type image_role as enum ('CONTROL', 'IMAGE_PROMPT', 'RESULT');

create table project (
  id uuid not null,
  slug text not null,
  name text not null,
  created_at timestamptz(6) not null default current_timestamp,
  constraint project_pkey primary key (id)
);
create unique index project_slug_key on project (slug);

create table api_key (
  id uuid not null,
  project_id uuid not null,
  name text not null,
  hash bytea not null,
  created_at timestamptz(6) not null default current_timestamp,
  revoked_at timestamptz(6),
  constraint api_key_pkey primary key (id),
  constraint api_key_project_id_fkey foreign key (project_id) references project (id)
    on delete restrict on update cascade
);
create unique index api_key_hash_key on api_key (hash);
create index api_key_project_id_idx on api_key (project_id);

create table profile (
  id uuid not null,
  project_id uuid not null,
  slug text not null,
  name text not null,
  description text not null default '',
  trigger_word text,
  defaults jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz(6) not null default current_timestamp,
  updated_at timestamptz(6) not null default current_timestamp,
  archived_at timestamptz(6),
  constraint profile_pkey primary key (id),
  constraint profile_project_id_fkey foreign key (project_id) references project (id)
    on delete restrict on update cascade
);
create unique index profile_project_id_slug_key on profile (project_id, slug);

create table binding (
  profile_id uuid not null,
  provider text not null,
  project_id uuid not null,
  finetune_id text not null,
  trigger_word text,
  defaults jsonb not null default '{}',
  updated_at timestamptz(6) not null default current_timestamp,
  constraint binding_pkey primary key (profile_id, provider),
  constraint binding_profile_id_fkey foreign key (profile_id) references profile (id)
    on delete restrict on update cascade
);

create table image (
  id uuid not null,
  project_id uuid not null,
  sha256 bytea not null,
  content_type text not null,
  width integer not null,
  height integer not null,
  bytes integer not null,
  thumbhash bytea not null,
  token text not null,
  created_at timestamptz(6) not null default current_timestamp,
  constraint image_pkey primary key (id),
  constraint image_project_id_fkey foreign key (project_id) references project (id)
    on delete restrict on update cascade
);
create unique index image_project_id_sha256_key on image (project_id, sha256);

-- The ledger. Its keys begin with a UUIDv7, whose first 48 bits are the time in milliseconds: a month is a range of ids.

create table generation (
  id uuid not null,
  project_id uuid not null,
  version integer not null default 1,
  status generation_status not null default 'QUEUED',
  moderation_stage moderation_stage,
  error_code text,
  error_message text,
  control control_kind not null,
  profile_id uuid,
  provider text not null,
  model text not null,
  account text not null,
  prompt text not null,
  prompt_sent text not null,
  finetune_id text,
  parameters jsonb not null,
  tags text[],
  priority integer not null default 0,
  attempt_count integer not null default 0,
  next_attempt_at timestamptz(6),
  deadline timestamptz(6) not null,
  result_seed bigint,
  cost_estimated_micros bigint,
  cost_quoted_micros bigint,
  cost_settled_micros bigint,
  created_at timestamptz(6) not null default current_timestamp,
  updated_at timestamptz(6) not null default current_timestamp,
  started_at timestamptz(6),
  finished_at timestamptz(6),
  constraint generation_pkey primary key (id),
  constraint generation_moderation check ((status = 'MODERATED') = (moderation_stage is not null)),
  constraint generation_failure check (status <> 'FAILED' or error_code is not null),
  constraint generation_finished check (
    (status in ('SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED')) = (finished_at is not null)
  )
) partition by range (id);
create index generation_project_id_id_idx on generation (project_id, id);
create index generation_project_id_status_id_idx on generation (project_id, status, id);
create index generation_project_id_profile_id_id_idx on generation (project_id, profile_id, id);
-- Admission: the queue of an account, by project.
create index generation_queue on generation (account, project_id, priority desc, id) where status = 'QUEUED';
-- What is running in a project: apart from the next, so that another project's long queue cannot be read for it.
create index generation_running on generation (project_id, id)
  where status in ('QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING');
-- The sweep of deadlines.
create index generation_live on generation (deadline)
  where status in ('QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING');

create table attempt (
  generation_id uuid not null,
  n integer not null,
  project_id uuid not null,
  state attempt_state not null default 'INTENDED',
  provider text not null,
  account text not null,
  model text not null,
  instance_id uuid not null,
  task_id text,
  polling_url text,
  request jsonb,
  http_status integer,
  error_code text,
  error_message text,
  looks integer not null default 0,
  word text,
  progress real,
  progress_at timestamptz(6),
  cost_micros bigint,
  intended_at timestamptz(6) not null default current_timestamp,
  sent_at timestamptz(6),
  accepted_at timestamptz(6),
  finished_at timestamptz(6),
  provider_started_at timestamptz(6),
  provider_finished_at timestamptz(6),
  constraint attempt_pkey primary key (generation_id, n),
  constraint attempt_sent check (state = 'INTENDED' or state = 'REFUSED' or sent_at is not null),
  constraint attempt_finished check ((state in ('DONE', 'LOST', 'REFUSED')) = (finished_at is not null))
) partition by range (generation_id);
-- The slots of an account, and what an instance looks after.
create index attempt_slot on attempt (account, project_id) where state in ('INTENDED', 'SENT', 'ACCEPTED');
create index attempt_owner on attempt (instance_id) where state in ('INTENDED', 'SENT', 'ACCEPTED');

create table generation_image (
  generation_id uuid not null,
  role image_role not null,
  n integer not null default 0,
  project_id uuid not null,
  image_id uuid not null,
  constraint generation_image_pkey primary key (generation_id, role, n)
) partition by range (generation_id);
create index generation_image_image_id_idx on generation_image (image_id);

create table generation_event (
  generation_id uuid not null,
  n integer not null,
  project_id uuid not null,
  position bigint,
  status generation_status not null,
  previous_status generation_status,
  attempt_n integer,
  code text,
  profile_id uuid,
  control control_kind not null,
  provider text not null,
  at timestamptz(6) not null default current_timestamp,
  constraint generation_event_pkey primary key (generation_id, n)
) partition by range (generation_id);
create index generation_event_position_idx on generation_event (position);
create index generation_event_project_id_position_idx on generation_event (project_id, position);
-- What the sequencer has still to number.
create index generation_event_unnumbered on generation_event (at) where position is null;

create table event_position (
  id integer not null default 1,
  last bigint not null default 0,
  constraint event_position_pkey primary key (id),
  constraint event_position_one check (id = 1)
);
insert into event_position (id, last) values (1, 0);

create table instance (
  id uuid not null,
  host text not null,
  pid integer not null,
  started_at timestamptz(6) not null default current_timestamp,
  renewed_at timestamptz(6) not null default current_timestamp,
  constraint instance_pkey primary key (id)
);

create table account_pause (
  account text not null,
  code text not null,
  message text not null,
  paused_at timestamptz(6) not null default current_timestamp,
  resumes_at timestamptz(6) not null,
  constraint account_pause_pkey primary key (account)
);
