-- What a caller asked for is kept apart from what was sent, so that it can be asked for again elsewhere.

ALTER TABLE "generation" ADD COLUMN "asked" JSONB, ADD COLUMN "rerun_of" UUID;

-- The reruns of a generation. Partial: few generations are one.
CREATE INDEX "generation_reruns" ON "generation" ("rerun_of", "id") WHERE "rerun_of" IS NOT NULL;

-- Grids of generations, and history that is run again elsewhere.

-- CreateEnum
CREATE TYPE "replay_status" AS ENUM ('PLANNED', 'RUNNING', 'FINISHED', 'CANCELED');

-- CreateTable
CREATE TABLE "sweep" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "control" "control_kind" NOT NULL,
    "profile_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "grid" JSONB NOT NULL,
    "cell_count" INTEGER NOT NULL,
    "seed" BIGINT,
    "cell_width" INTEGER NOT NULL,
    "cell_height" INTEGER NOT NULL,
    "token" TEXT NOT NULL,
    "max_cost_micros" BIGINT NOT NULL,
    "cost_estimated_micros" BIGINT NOT NULL,
    "unknown_prices" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "canceled_at" TIMESTAMPTZ(6),

    CONSTRAINT "sweep_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sweep_cell" (
    "sweep_id" UUID NOT NULL,
    "n" INTEGER NOT NULL,
    "project_id" UUID NOT NULL,
    "generation_id" UUID NOT NULL,

    CONSTRAINT "sweep_cell_pkey" PRIMARY KEY ("sweep_id","n")
);

-- CreateTable
CREATE TABLE "replay" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "status" "replay_status" NOT NULL DEFAULT 'PLANNED',
    "filter" JSONB NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT,
    "overrides" JSONB NOT NULL,
    "reuse_seed" BOOLEAN NOT NULL,
    "seed" BIGINT NOT NULL,
    "sample" INTEGER NOT NULL,
    "matches" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL,
    "cost_limit_micros" BIGINT NOT NULL,
    "allow_unknown_price" BOOLEAN NOT NULL,
    "committed_micros" BIGINT NOT NULL DEFAULT 0,
    "token" TEXT NOT NULL,
    "worker_id" UUID,
    "worker_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),

    CONSTRAINT "replay_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "replay_pair" (
    "replay_id" UUID NOT NULL,
    "original_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "place" INTEGER NOT NULL,
    "price_micros" BIGINT,
    "adjusted" TEXT[],
    "refusal_code" TEXT,
    "refusal_message" TEXT,
    "rerun_id" UUID,
    "distance" REAL,
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "replay_pair_pkey" PRIMARY KEY ("replay_id","original_id")
);

-- CreateIndex
CREATE INDEX "sweep_project_id_id_idx" ON "sweep"("project_id", "id");

-- CreateIndex
CREATE INDEX "replay_project_id_id_idx" ON "replay"("project_id", "id");

-- CreateIndex
CREATE INDEX "replay_pair_replay_id_place_idx" ON "replay_pair"("replay_id", "place");

-- What Prisma cannot say. The limit of costs holds whatever the code does.
ALTER TABLE "replay" ADD CONSTRAINT "replay_within_limit" CHECK ("committed_micros" <= "cost_limit_micros");
CREATE INDEX "replay_unfinished" ON "replay" ("created_at") WHERE "started_at" IS NOT NULL AND "finished_at" IS NULL;
