-- History that answers: what people say of a generation, and what it can be found by.

alter table generation
  add column rating smallint,
  add column favourite boolean not null default false,
  add column note text,
  add constraint generation_rating check (rating between 1 and 5);

-- Indexes of lists. Every change of a generation's status writes it anew in each index that holds it, five times or so; those
-- below hold it only once it has ended, or only where there is something to find it by. Lists of what has not ended yet read
-- generation_running, which is as short as the queue.
create index generation_by_model on generation (project_id, model, id) where finished_at is not null;
create index generation_by_provider on generation (project_id, provider, id) where finished_at is not null;
create index generation_by_control on generation (project_id, control, id) where finished_at is not null;
create index generation_by_error on generation (project_id, error_code, id) where error_code is not null;
create index generation_by_seed on generation (project_id, coalesce(result_seed, (parameters ->> 'seed')::bigint), id)
  where coalesce(result_seed, (parameters ->> 'seed')::bigint) is not null and finished_at is not null;
create index generation_by_rating on generation (project_id, rating, id) where rating is not null;
create index generation_favourite on generation (project_id, id) where favourite;
create index generation_by_cost
  on generation (project_id, coalesce(cost_settled_micros, cost_quoted_micros, cost_estimated_micros), id)
  where finished_at is not null
    and coalesce(cost_settled_micros, cost_quoted_micros, cost_estimated_micros) is not null;
create index generation_by_run_time
  on generation (project_id, ((extract(epoch from (finished_at - started_at)) * 1000000)::bigint), id)
  where finished_at is not null and started_at is not null;

create table generation_tag (
  project_id uuid not null,
  tag text not null,
  generation_id uuid not null,
  constraint generation_tag_pkey primary key (project_id, tag, generation_id)
) partition by range (generation_id);

create table generation_text (
  project_id uuid not null,
  generation_id uuid not null,
  words tsvector not null,
  constraint generation_text_pkey primary key (project_id, generation_id)
) partition by range (generation_id);
create index generation_text_words_idx on generation_text using gin (words);

-- Whose prompt is still to be put there: it takes longer than accepting a generation does, and is done after it.
create table generation_unsearched (
  generation_id uuid not null,
  constraint generation_unsearched_pkey primary key (generation_id)
);

-- Accents are taken off here and not by the extension unaccent, which not every server offers.
create function darkroom_fold(given text) returns text language sql immutable strict parallel safe return
  replace(replace(replace(
    translate(regexp_replace(normalize(lower(given), nfkd), '[\u0300-\u036f]', '', 'g'), 'łøđıð', 'lodid'),
  'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');

-- The words of a prompt. The project is one of them, so that the index finds its rows apart from those of all others.
create function darkroom_words(project_id uuid, prompt text) returns tsvector language sql immutable strict parallel safe
  return to_tsvector('pg_catalog.english'::regconfig, darkroom_fold(prompt))
    || array_to_tsvector(array[project_id::text]);

-- What a person typed into a search box, of one project; empty when there is no word in it to look for.
create function darkroom_search(project_id uuid, given text) returns tsquery language sql immutable strict parallel safe
  return case when numnode(websearch_to_tsquery('pg_catalog.english'::regconfig, darkroom_fold(given))) = 0 then ''::tsquery
    else websearch_to_tsquery('pg_catalog.english'::regconfig, darkroom_fold(given))
      && quote_literal(project_id::text)::tsquery end;

do $$
declare
  part record;
begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'Darkroom needs a database with the encoding UTF8; this one has %', current_setting('server_encoding');
  end if;
  -- The same months as the generations have.
  for part in
    select substring(c.relname from '_y\d+m\d+$') as suffix, pg_get_expr(c.relpartbound, c.oid) as bounds
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'generation'::regclass
  loop
    execute format('create table %I partition of generation_tag %s', 'generation_tag' || part.suffix, part.bounds);
    execute format('create table %I partition of generation_text %s', 'generation_text' || part.suffix, part.bounds);
  end loop;
end $$;

insert into generation_tag (project_id, tag, generation_id)
select project_id, tag, id from generation, unnest(tags) as tag on conflict do nothing;
insert into generation_text (project_id, generation_id, words)
select project_id, id, darkroom_words(project_id, prompt) from generation;

-- Views for analysts' own tools: docs/history.md. A view is never changed in place; what must differ gets the next number.
create schema if not exists analytics;

create view analytics.generation_v1 as
select g.id as generation_id, g.project_id, j.slug as project, g.status::text as status,
       g.moderation_stage::text as moderation_stage, g.error_code, g.control::text as control, g.profile_id, g.provider,
       g.model, g.account, g.parameters, g.pixels, coalesce(g.result_seed, (g.parameters ->> 'seed')::bigint) as seed,
       g.tags, g.rating, g.favourite, g.priority, g.attempt_count,
       g.cost_estimated_micros, g.cost_quoted_micros, g.cost_settled_micros,
       coalesce(g.cost_settled_micros, g.cost_quoted_micros, g.cost_estimated_micros) as cost_micros,
       (extract(epoch from (g.started_at - g.created_at)) * 1000)::bigint as queued_ms,
       (extract(epoch from (g.finished_at - g.started_at)) * 1000)::bigint as run_ms,
       (extract(epoch from (g.finished_at - g.created_at)) * 1000)::bigint as total_ms,
       g.created_at, g.started_at, g.finished_at
from generation g join project j on j.id = g.project_id;

create view analytics.prompt_v1 as
select g.id as generation_id, g.project_id, j.slug as project, g.prompt, g.prompt_sent, g.note
from generation g join project j on j.id = g.project_id;

create view analytics.attempt_v1 as
select a.generation_id, a.n, a.project_id, j.slug as project, a.state::text as state, a.provider, a.account, a.model,
       a.http_status, a.error_code, a.looks, a.cost_micros, a.intended_at, a.sent_at, a.accepted_at, a.finished_at,
       a.provider_started_at, a.provider_finished_at
from attempt a join project j on j.id = a.project_id;

create view analytics.event_v1 as
select e.generation_id, e.n, e.project_id, j.slug as project, e.position, e.status::text as status,
       e.previous_status::text as previous_status, e.attempt_n, e.code, e.provider, e.at
from generation_event e join project j on j.id = e.project_id;

create view analytics.image_v1 as
select i.id as image_id, i.project_id, j.slug as project, u.generation_id, u.role::text as role, u.n, i.content_type,
       i.width, i.height, i.bytes, i.created_at
from image i join project j on j.id = i.project_id left join generation_image u on u.image_id = i.id;

create view analytics.profile_v1 as
select p.id as profile_id, p.project_id, j.slug as project, p.slug, p.name, p.version,
       array(select b.provider from binding b where b.profile_id = p.id order by b.provider) as providers,
       p.created_at, p.updated_at, p.archived_at
from profile p join project j on j.id = p.project_id;

-- Who may read them and nothing else; a login is made a member of it. Where roles may not be created, docs/history.md says
-- what an administrator runs. Prompts are granted apart.
do $$
begin
  if not exists (select from pg_roles where rolname = 'darkroom_analyst') then
    begin
      create role darkroom_analyst nologin;
    exception when insufficient_privilege or duplicate_object or unique_violation then
      raise notice 'The role darkroom_analyst was not created: %', sqlerrm;
    end;
  end if;
  if exists (select from pg_roles where rolname = 'darkroom_analyst') then
    grant usage on schema analytics to darkroom_analyst;
    grant select on analytics.generation_v1, analytics.attempt_v1, analytics.event_v1, analytics.image_v1,
      analytics.profile_v1 to darkroom_analyst;
  end if;
end $$;
