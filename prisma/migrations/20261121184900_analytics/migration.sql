-- Usage: cells that are made of the ledger, and triggers that note which of them have to be made again. Triggers, and no
-- change in the ledger's own statements, so that whatever writes it (imports, erasures, a person's SQL) is noted too.

-- CreateTable
CREATE TABLE "usage_change" (
    "slot" TIMESTAMPTZ(6) NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_change_pkey" PRIMARY KEY ("slot","id")
);

-- CreateTable
CREATE TABLE "usage_cell" (
    "project_id" UUID NOT NULL,
    "slot" TIMESTAMPTZ(6) NOT NULL,
    "profile_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "control" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "error_code" TEXT NOT NULL,
    "generations" BIGINT NOT NULL,
    "moderated_input" BIGINT NOT NULL,
    "looks" BIGINT NOT NULL,
    "estimated_micros" BIGINT NOT NULL,
    "estimated_known" BIGINT NOT NULL,
    "quoted_micros" BIGINT NOT NULL,
    "quoted_known" BIGINT NOT NULL,
    "settled_micros" BIGINT NOT NULL,
    "settled_known" BIGINT NOT NULL,
    "settled_unknown" BIGINT NOT NULL,
    "images" BIGINT NOT NULL,
    "image_bytes" BIGINT NOT NULL,
    "queue_bins" SMALLINT[],
    "queue_counts" INTEGER[],
    "run_bins" SMALLINT[],
    "run_counts" INTEGER[],

    CONSTRAINT "usage_cell_pkey" PRIMARY KEY ("project_id","slot","profile_id","provider","model","account","control","status","error_code")
);

-- CreateTable
CREATE TABLE "usage_day" (
    "project_id" UUID NOT NULL,
    "zone" TEXT NOT NULL,
    "level" SMALLINT NOT NULL,
    "day" DATE NOT NULL,
    "profile_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "control" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "error_code" TEXT NOT NULL,
    "generations" BIGINT NOT NULL,
    "moderated_input" BIGINT NOT NULL,
    "looks" BIGINT NOT NULL,
    "estimated_micros" BIGINT NOT NULL,
    "estimated_known" BIGINT NOT NULL,
    "quoted_micros" BIGINT NOT NULL,
    "quoted_known" BIGINT NOT NULL,
    "settled_micros" BIGINT NOT NULL,
    "settled_known" BIGINT NOT NULL,
    "settled_unknown" BIGINT NOT NULL,
    "images" BIGINT NOT NULL,
    "image_bytes" BIGINT NOT NULL,
    "live" BIGINT NOT NULL,
    "succeeded" BIGINT NOT NULL,
    "moderated" BIGINT NOT NULL,
    "failed" BIGINT NOT NULL,
    "expired" BIGINT NOT NULL,
    "canceled" BIGINT NOT NULL,
    "queue_bins" SMALLINT[],
    "queue_counts" INTEGER[],
    "run_bins" SMALLINT[],
    "run_counts" INTEGER[],

    CONSTRAINT "usage_day_pkey" PRIMARY KEY ("project_id","zone","level","day","profile_id","provider","model","account","control","status","error_code")
);

-- CreateTable
CREATE TABLE "usage_zone" (
    "zone" TEXT NOT NULL,
    "built_from" DATE NOT NULL,

    CONSTRAINT "usage_zone_pkey" PRIMARY KEY ("zone")
);

-- CreateIndex
CREATE INDEX "usage_cell_slot_idx" ON "usage_cell"("slot");

-- CreateIndex
CREATE INDEX "usage_day_zone_day_idx" ON "usage_day"("zone", "day");

-- Sketches of a day are read for percentiles only: kept aside, they are not in the way of the counts.
ALTER TABLE "usage_day" ALTER COLUMN "queue_bins" SET STORAGE EXTERNAL, ALTER COLUMN "queue_counts" SET STORAGE EXTERNAL,
  ALTER COLUMN "run_bins" SET STORAGE EXTERNAL, ALTER COLUMN "run_counts" SET STORAGE EXTERNAL;
ALTER TABLE "usage_day" SET (toast_tuple_target = 256);

INSERT INTO "usage_zone" ("zone", "built_from") VALUES ('UTC', '-infinity');

-- The quarter of an hour in which a UUIDv7 was made.
create function usage_slot(id uuid) returns timestamptz language sql immutable parallel safe as $$
  select to_timestamp(('x' || substr(id::text, 1, 8) || substr(id::text, 10, 4))::bit(48)::bigint / 900000 * 900)
$$;

-- Each statement that changes the ledger notes the slots that it touched, in its own transaction.
create function usage_note_generation() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot) select distinct usage_slot(id) from touched;
  return null;
end $$;
create function usage_note_image() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot) select distinct usage_slot(generation_id) from touched where role = 'RESULT';
  return null;
end $$;
create function usage_note_attempt() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot) select distinct usage_slot(generation_id) from touched where state <> 'INTENDED';
  return null;
end $$;
-- Looks count once the attempt is over: noting what a look showed is no change.
create function usage_note_attempt_change() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot)
  select distinct usage_slot(t.generation_id) from touched t join before b using (generation_id, n)
  where t.state <> b.state or (t.looks <> b.looks and t.state in ('DONE', 'LOST', 'REFUSED'));
  return null;
end $$;
create function usage_note_bytes() returns trigger language plpgsql as $$
begin
  insert into usage_change (slot)
  select distinct usage_slot(r.generation_id) from touched t join generation_image r on r.image_id = t.id and r.role = 'RESULT';
  return null;
end $$;

create trigger usage_insert after insert on generation
  referencing new table as touched for each statement execute function usage_note_generation();
create trigger usage_update after update on generation
  referencing new table as touched for each statement execute function usage_note_generation();
create trigger usage_delete after delete on generation
  referencing old table as touched for each statement execute function usage_note_generation();
create trigger usage_insert after insert on generation_image
  referencing new table as touched for each statement execute function usage_note_image();
create trigger usage_delete after delete on generation_image
  referencing old table as touched for each statement execute function usage_note_image();
create trigger usage_insert after insert on attempt
  referencing new table as touched for each statement execute function usage_note_attempt();
create trigger usage_update after update on attempt
  referencing old table as before new table as touched for each statement execute function usage_note_attempt_change();
create trigger usage_delete after delete on attempt
  referencing old table as touched for each statement execute function usage_note_attempt();
create trigger usage_delete after delete on image
  referencing old table as touched for each statement execute function usage_note_bytes();

-- What there is already.
insert into usage_change (slot) select distinct usage_slot(id) from generation;
