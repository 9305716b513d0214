-- What things cost, as far as each source says it, and budgets. The meters of budgets are kept by triggers on the ledger, so that
-- whatever writes it counts, in the transaction of the write; each generation has an entry that says what it is counted with,
-- so that counting it again changes nothing.

-- AlterTable
ALTER TABLE "generation" ADD COLUMN     "cost_reserve_micros" BIGINT;

-- AlterTable
ALTER TABLE "attempt" ADD COLUMN     "cost_list_micros" BIGINT,
ADD COLUMN     "cost_quoted_micros" BIGINT,
ADD COLUMN     "cost_settled_micros" BIGINT;

-- AlterTable
ALTER TABLE "replay_pair" ADD COLUMN     "profile_id" UUID,
ADD COLUMN     "reserve_micros" BIGINT;

-- CreateTable
CREATE TABLE "budget" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "profile_id" UUID,
    "month" DATE,
    "limit_micros" BIGINT NOT NULL,
    "unknown_price_micros" BIGINT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_meter" (
    "project_id" UUID NOT NULL,
    "month" DATE NOT NULL,
    "profile_id" UUID NOT NULL,
    "reserved_micros" BIGINT NOT NULL DEFAULT 0,
    "uncertain_micros" BIGINT NOT NULL DEFAULT 0,
    "spent_micros" BIGINT NOT NULL DEFAULT 0,
    "unpriced" INTEGER NOT NULL DEFAULT 0,
    "counted" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "budget_meter_pkey" PRIMARY KEY ("project_id","month","profile_id")
);

-- CreateTable
CREATE TABLE "budget_entry" (
    "holder_id" UUID NOT NULL,
    "profile_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "month" DATE NOT NULL,
    "reserved_micros" BIGINT NOT NULL,
    "uncertain_micros" BIGINT NOT NULL,
    "spent_micros" BIGINT NOT NULL,
    "unpriced" INTEGER NOT NULL,

    CONSTRAINT "budget_entry_pkey" PRIMARY KEY ("holder_id","profile_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "budget_project_id_profile_id_month_key" ON "budget"("project_id", "profile_id", "month") NULLS NOT DISTINCT;

-- CreateIndex
CREATE INDEX "budget_entry_project_id_month_profile_id_idx" ON "budget_entry"("project_id", "month", "profile_id");

-- What Prisma cannot say.
ALTER TABLE "budget" ADD CONSTRAINT "budget_amounts" CHECK ("limit_micros" >= 0 AND "unknown_price_micros" >= 0),
  ADD CONSTRAINT "budget_first_day" CHECK (extract(day from "month") = 1);
-- Meters are changed with every generation of their project: room for the next version beside each.
ALTER TABLE "budget_meter" SET (fillfactor = 25);

-- In the place of a profile: all of the project; and of a generation's profile, that it has none.
create function budget_whole() returns uuid language sql immutable parallel safe as $$
  select '00000000-0000-0000-0000-000000000000'::uuid
$$;
-- The month (UTC) in which a UUIDv7 was made, and the smallest UUID of a month.
create function budget_month(id uuid) returns date language sql immutable parallel safe as $$
  select date_trunc('month', to_timestamp(('x' || substr(id::text, 1, 8) || substr(id::text, 10, 4))::bit(48)::bigint / 1000)
                             at time zone 'UTC')::date
$$;
create function budget_first_id(month date) returns uuid language sql immutable parallel safe as $$
  select rpad(lpad(to_hex((extract(epoch from month::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- What generations are to be counted with. That an attempt was sent makes no difference, for then its generation does not
-- change. One whose attempts are not all there any more (erased) keeps what it has.
create function budget_worth(ids uuid[]) returns table (
  holder_id uuid, profile_id uuid, project_id uuid, month date, reserved bigint, uncertain bigint, spent bigint, unpriced integer
) language sql stable as $$
  select g.id, coalesce(g.profile_id, budget_whole()), g.project_id, budget_month(g.id),
         (case when g.status = 'QUEUED' then coalesce(g.cost_reserve_micros, g.cost_estimated_micros, 0) else 0 end
           + coalesce(a.reserved, 0))::bigint,
         coalesce(a.uncertain, 0)::bigint, coalesce(a.spent, 0)::bigint,
         ((g.status = 'QUEUED' and coalesce(g.cost_reserve_micros, g.cost_estimated_micros) is null)::integer
           + coalesce(a.unpriced, 0))::integer
  from generation g left join lateral (
    select count(*) as attempts,
           sum(p.amount) filter (where t.state = 'ACCEPTED' or t.state in ('INTENDED', 'SENT') and g.status = 'SUBMITTING')
             as reserved,
           sum(p.amount) filter (where t.state = 'LOST' and t.cost_settled_micros is null
                                   or t.state in ('INTENDED', 'SENT') and g.status <> 'SUBMITTING') as uncertain,
           sum(p.amount) filter (where t.state = 'DONE' or t.state = 'LOST' and t.cost_settled_micros is not null) as spent,
           count(*) filter (where p.amount is null and t.state <> 'REFUSED') as unpriced
    from attempt t cross join lateral (
      select case when t.state in ('INTENDED', 'SENT')
                  then coalesce(g.cost_reserve_micros, g.cost_estimated_micros)
                  else coalesce(t.cost_micros, t.cost_list_micros, g.cost_reserve_micros, g.cost_estimated_micros)
             end as amount
    ) p
    where t.generation_id = g.id
  ) a on true
  where g.id = any (ids) and a.attempts >= g.attempt_count
$$;

-- Brings the entries and meters of generations up to date, whose rows the caller has locked. The meter of the project and month
-- is locked before any entry is written, here and in everything below, and always in this order.
create function budget_count(ids uuid[]) returns void language plpgsql as $$
begin
  if not exists (
    select from budget_worth(ids) w left join budget_entry e using (holder_id, profile_id)
    where (e.reserved_micros, e.uncertain_micros, e.spent_micros, e.unpriced)
      is distinct from (w.reserved, w.uncertain, w.spent, w.unpriced)
  ) then return; end if;
  perform from budget_meter m
  where (m.project_id, m.month) in (select distinct g.project_id, budget_month(g.id) from generation g where g.id = any (ids))
    and m.profile_id = budget_whole()
  order by m.project_id, m.month for update;
  -- Statements of their own: they see whatever was committed before the locks were ours.
  with worth as materialized (select * from budget_worth(ids)),
  before as materialized (select e.* from budget_entry e join worth w using (holder_id, profile_id)),
  written as (
    insert into budget_entry as e select * from worth
    on conflict (holder_id, profile_id) do update set reserved_micros = excluded.reserved_micros,
      uncertain_micros = excluded.uncertain_micros, spent_micros = excluded.spent_micros, unpriced = excluded.unpriced
  ),
  change as (
    select w.project_id, w.month, w.profile_id, w.reserved - coalesce(b.reserved_micros, 0) as reserved,
           w.uncertain - coalesce(b.uncertain_micros, 0) as uncertain, w.spent - coalesce(b.spent_micros, 0) as spent,
           w.unpriced - coalesce(b.unpriced, 0) as unpriced
    from worth w left join before b using (holder_id, profile_id)
  ),
  total as (
    select project_id, month, meter, sum(reserved) as reserved, sum(uncertain) as uncertain, sum(spent) as spent,
           sum(unpriced)::integer as unpriced
    from change, unnest(array[budget_whole(), profile_id]) as meter
    where meter = budget_whole() or profile_id <> budget_whole()
    group by 1, 2, 3
  )
  update budget_meter m set reserved_micros = m.reserved_micros + t.reserved,
    uncertain_micros = m.uncertain_micros + t.uncertain, spent_micros = m.spent_micros + t.spent,
    unpriced = m.unpriced + t.unpriced
  from total t where m.project_id = t.project_id and m.month = t.month and m.profile_id = t.meter;
end $$;

-- The same of what a replay has still to start, in the month in which it was started.
create function budget_count_replay(id uuid) returns void language plpgsql as $$
declare
  owner uuid;
  of_month date;
begin
  select r.project_id, date_trunc('month', r.started_at at time zone 'UTC')::date into owner, of_month
  from replay r where r.id = budget_count_replay.id;
  perform from budget_meter m where m.project_id = owner and m.month = of_month
    and m.profile_id = budget_whole() for update;
  if not found then return; end if;
  with worth as materialized (
    select coalesce(p.profile_id, budget_whole()) as profile_id, sum(p.reserve_micros)::bigint as reserved
    from replay_pair p join replay r on r.id = p.replay_id
    where p.replay_id = budget_count_replay.id and r.status = 'RUNNING' and p.rerun_id is null and p.refusal_code is null
      and p.reserve_micros is not null
    group by 1
  ),
  before as materialized (select e.* from budget_entry e where e.holder_id = budget_count_replay.id),
  written as (
    insert into budget_entry as e
    select budget_count_replay.id, profile_id, owner, of_month, coalesce(w.reserved, 0), 0, 0, 0
    from worth w full join before b using (profile_id)
    on conflict (holder_id, profile_id) do update set reserved_micros = excluded.reserved_micros
  ),
  total as (
    select meter, sum(coalesce(w.reserved, 0) - coalesce(b.reserved_micros, 0)) as reserved
    from worth w full join before b using (profile_id),
         unnest(array[budget_whole(), profile_id]) as meter
    where meter = budget_whole() or profile_id <> budget_whole()
    group by 1
  )
  update budget_meter m set reserved_micros = m.reserved_micros + t.reserved
  from total t where m.project_id = owner and m.month = of_month and m.profile_id = t.meter;
end $$;

-- Makes a project's entries and meters of a month anew from the ledger. What was erased since keeps its entry: it was spent.
create function budget_recount(project uuid, of_month date) returns void language plpgsql as $$
begin
  perform from budget_meter m where m.project_id = project and m.month = of_month
    and m.profile_id = budget_whole() for update;
  if not found then return; end if;
  insert into budget_entry as e
  select w.* from budget_worth(array(
    select g.id from generation g where g.project_id = project
      and g.id >= budget_first_id(of_month) and g.id < budget_first_id((of_month + interval '1 month')::date)
  )) w
  on conflict (holder_id, profile_id) do update set reserved_micros = excluded.reserved_micros,
    uncertain_micros = excluded.uncertain_micros, spent_micros = excluded.spent_micros, unpriced = excluded.unpriced;
  perform budget_count_replay(r.id) from replay r
  where r.project_id = project and date_trunc('month', r.started_at at time zone 'UTC')::date = of_month;
  update budget_meter m set reserved_micros = s.reserved, uncertain_micros = s.uncertain, spent_micros = s.spent,
    unpriced = s.unpriced, counted = true
  from (
    select n.profile_id, coalesce(sum(e.reserved_micros), 0) as reserved, coalesce(sum(e.uncertain_micros), 0) as uncertain,
           coalesce(sum(e.spent_micros), 0) as spent, coalesce(sum(e.unpriced), 0)::integer as unpriced
    from budget_meter n left join budget_entry e on e.project_id = n.project_id and e.month = n.month
      and (n.profile_id = budget_whole() or e.profile_id = n.profile_id)
    where n.project_id = project and n.month = of_month group by 1
  ) s
  where m.project_id = project and m.month = of_month and m.profile_id = s.profile_id;
end $$;

-- Makes a month's meters where they are missing, and holds them until the end of the transaction.
create function budget_lock(project uuid, of_month date) returns void language plpgsql as $$
declare
  complete boolean;
  added integer;
begin
  select m.counted into complete from budget_meter m where m.project_id = project and m.month = of_month
    and m.profile_id = budget_whole() for update;
  if not found then
    insert into budget_meter (project_id, month, profile_id)
    values (project, of_month, budget_whole()) on conflict do nothing;
    select m.counted into complete from budget_meter m where m.project_id = project and m.month = of_month
      and m.profile_id = budget_whole() for update;
  end if;
  insert into budget_meter (project_id, month, profile_id)
  select distinct project, of_month, b.profile_id from budget b
  where b.project_id = project and b.profile_id is not null and (b.month is null or b.month = of_month)
    and not exists (select from budget_meter m
                    where m.project_id = project and m.month = of_month and m.profile_id = b.profile_id);
  get diagnostics added = row_count;
  if not complete or added > 0 then perform budget_recount(project, of_month); end if;
end $$;

-- Each statement that changes generations has those counted that are in a month with meters. Attempts change together with
-- their generation.
create function budget_follow() returns trigger language plpgsql as $$
declare
  ids uuid[];
begin
  if not exists (select from budget_meter) then return null; end if;
  select array_agg(t.id order by t.id) into ids from touched t
  where exists (select from budget_meter m where m.project_id = t.project_id and m.month = budget_month(t.id)
                  and m.profile_id = budget_whole());
  if ids is not null then perform budget_count(ids); end if;
  return null;
end $$;
create trigger budget_insert after insert on generation
  referencing new table as touched for each statement execute function budget_follow();
create trigger budget_update after update on generation
  referencing new table as touched for each statement execute function budget_follow();

-- What was spent on a generation stays spent when it is erased; what it had reserved may still be spent, unless it never left.
create function budget_keep() returns trigger language plpgsql as $$
declare
  held uuid[];
begin
  if not exists (select from budget_meter) then return null; end if;
  select array_agg(t.id) into held from touched t join budget_entry e on e.holder_id = t.id where e.reserved_micros <> 0;
  if held is null then return null; end if;
  perform from budget_meter m
  where (m.project_id, m.month) in (select distinct e.project_id, e.month from budget_entry e where e.holder_id = any (held))
    and m.profile_id = budget_whole()
  order by m.project_id, m.month for update;
  with change as materialized (
    select e.*, case when t.attempt_count = 0 then 0 else e.reserved_micros end as kept
    from budget_entry e join touched t on t.id = e.holder_id where e.holder_id = any (held)
  ),
  written as (
    update budget_entry e set reserved_micros = 0, uncertain_micros = e.uncertain_micros + c.kept
    from change c where e.holder_id = c.holder_id and e.profile_id = c.profile_id
  ),
  total as (
    select project_id, month, meter, sum(reserved_micros) as reserved, sum(kept) as kept
    from change, unnest(array[budget_whole(), profile_id]) as meter
    where meter = budget_whole() or profile_id <> budget_whole()
    group by 1, 2, 3
  )
  update budget_meter m set reserved_micros = m.reserved_micros - t.reserved, uncertain_micros = m.uncertain_micros + t.kept
  from total t where m.project_id = t.project_id and m.month = t.month and m.profile_id = t.meter;
  return null;
end $$;
create trigger budget_delete after delete on generation
  referencing old table as touched for each statement execute function budget_keep();

create function budget_follow_replay() returns trigger language plpgsql as $$
begin
  perform budget_count_replay(new.id);
  return null;
end $$;
create function budget_follow_pair() returns trigger language plpgsql as $$
begin
  perform budget_count_replay(new.replay_id);
  return null;
end $$;
create trigger budget_update after update on replay for each row when (old.status is distinct from new.status)
  execute function budget_follow_replay();
create trigger budget_update after update on replay_pair for each row
  when (old.reserve_micros is not null and (old.rerun_id, old.refusal_code) is distinct from (new.rerun_id, new.refusal_code))
  execute function budget_follow_pair();

-- The budgets that hold for what is about to be accepted, with what they have left, which nobody else can change until the end of the
-- transaction. With the lock on the ledger a budget that is just being made either is known below, or waits for us.
create function budget_open(projects uuid[], ids uuid[]) returns table (
  id uuid, project_id uuid, month date, profile_id uuid, limit_micros bigint, unknown_price_micros bigint,
  reserved_micros bigint, uncertain_micros bigint, spent_micros bigint
) language plpgsql as $$
declare
  each record;
begin
  lock table only generation in row exclusive mode;
  for each in
    select distinct p.project, budget_month(p.id) as of_month from unnest(projects, ids) as p (project, id)
    where exists (select from budget b where b.project_id = p.project) order by 1, 2
  loop
    perform budget_lock(each.project, each.of_month);
  end loop;
  return query
    with asked as (
      select distinct p.project, budget_month(p.id) as of_month from unnest(projects, ids) as p (project, id)
    )
    select distinct on (b.project_id, a.of_month, b.profile_id)
           b.id, b.project_id, a.of_month, b.profile_id, b.limit_micros, b.unknown_price_micros,
           m.reserved_micros, m.uncertain_micros, m.spent_micros
    from asked a
    join budget b on b.project_id = a.project and (b.month is null or b.month = a.of_month)
    join budget_meter m on m.project_id = b.project_id and m.month = a.of_month
      and m.profile_id = coalesce(b.profile_id, budget_whole())
    order by b.project_id, a.of_month, b.profile_id, b.month nulls last;
end $$;
