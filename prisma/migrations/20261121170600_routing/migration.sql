-- Routes of a generation beyond the one it takes, what projects want of their routes, and models that seem to be gone.
alter table project add column routing jsonb;

alter table generation add column routes jsonb;

create table model_retirement (
  account text not null,
  model text not null,
  message text not null,
  refusals integer not null default 1,
  needed integer not null,
  first_at timestamptz(6) not null default current_timestamp,
  constraint model_retirement_pkey primary key (account, model)
);
