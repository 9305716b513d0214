-- Retention, image quotas, and the erasure of content on request.

-- CreateEnum
CREATE TYPE "image_quota_full" AS ENUM ('REFUSE', 'REMOVE_OLDEST');

-- CreateEnum
CREATE TYPE "removal_outcome" AS ENUM ('REMOVED', 'SHARED');

-- CreateTable
CREATE TABLE "keeping" (
    "project_id" UUID NOT NULL,
    "generation_days" INTEGER,
    "event_days" INTEGER,
    "image_days" INTEGER,
    "image_quota_bytes" BIGINT,
    "image_quota_full" "image_quota_full" NOT NULL DEFAULT 'REFUSE',
    "counted_from" TIMESTAMPTZ(6),
    "events_kept_from" UUID,

    CONSTRAINT "keeping_pkey" PRIMARY KEY ("project_id")
);

-- AlterTable
ALTER TABLE "image" ADD COLUMN     "kept_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "generation" ADD COLUMN     "erased_at" TIMESTAMPTZ(6),
ADD COLUMN     "erased_images" SMALLINT NOT NULL DEFAULT 0,
ADD COLUMN     "subject" TEXT;

-- CreateTable
CREATE TABLE "image_weight" (
    "project_id" UUID NOT NULL,
    "id" BIGSERIAL NOT NULL,
    "images" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "image_weight_pkey" PRIMARY KEY ("project_id","id")
);

-- CreateTable
CREATE TABLE "image_removal" (
    "erasure_id" UUID NOT NULL,
    "image_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "sha256" BYTEA NOT NULL,
    "bytes" INTEGER NOT NULL,
    "outcome" "removal_outcome",
    "files" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "image_removal_pkey" PRIMARY KEY ("erasure_id","image_id")
);

-- CreateTable
CREATE TABLE "erasure" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "filter" JSONB,
    "keep_tags" BOOLEAN NOT NULL,
    "chosen_to" UUID,
    "generations" INTEGER NOT NULL DEFAULT 0,
    "canceled" INTEGER NOT NULL DEFAULT 0,
    "prompts" INTEGER NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "images" INTEGER NOT NULL DEFAULT 0,
    "images_shared" INTEGER NOT NULL DEFAULT 0,
    "files" INTEGER NOT NULL DEFAULT 0,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "ids_digest" BYTEA,
    "images_digest" BYTEA,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),

    CONSTRAINT "erasure_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "erasure_item" (
    "erasure_id" UUID NOT NULL,
    "generation_id" UUID NOT NULL,
    "live" BOOLEAN NOT NULL DEFAULT false,
    "done" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "erasure_item_pkey" PRIMARY KEY ("erasure_id","generation_id")
);

-- CreateIndex
CREATE INDEX "erasure_project_id_id_idx" ON "erasure"("project_id", "id");

-- CreateIndex
CREATE INDEX "image_project_id_id_idx" ON "image"("project_id", "id");

-- CreateIndex
CREATE INDEX "sweep_cell_generation_id_idx" ON "sweep_cell"("generation_id");

-- Only what has ended, as all indexes of lists: what has not is read from generation_running.
create index generation_by_subject on generation (project_id, subject, id)
  where subject is not null and finished_at is not null;

create index erasure_open on erasure (id) where finished_at is null;
create index erasure_item_open on erasure_item (erasure_id, generation_id) where not done;
create index image_removal_open on image_removal (erasure_id, image_id) where outcome is null;

-- What the images of a project weigh, noted in the transaction of each statement, whoever writes.
create function image_weigh_more() returns trigger language plpgsql as $$
begin
  insert into image_weight (project_id, images, bytes)
  select project_id, count(*), sum(bytes) from touched group by project_id;
  return null;
end $$;
create function image_weigh_less() returns trigger language plpgsql as $$
begin
  insert into image_weight (project_id, images, bytes)
  select project_id, -count(*), -sum(bytes) from touched group by project_id;
  return null;
end $$;
create trigger weight_insert after insert on image
  referencing new table as touched for each statement execute function image_weigh_more();
create trigger weight_delete after delete on image
  referencing old table as touched for each statement execute function image_weigh_less();

-- What there is already.
insert into image_weight (project_id, images, bytes) select project_id, count(*), sum(bytes) from image group by project_id;
