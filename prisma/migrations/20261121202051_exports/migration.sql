-- CreateEnum
CREATE TYPE "export_format" AS ENUM ('CSV', 'NDJSON', 'PARQUET');

-- CreateEnum
CREATE TYPE "export_partition" AS ENUM ('NONE', 'MONTH', 'DAY');

-- CreateEnum
CREATE TYPE "export_status" AS ENUM ('QUEUED', 'RUNNING', 'READY', 'FAILED');

-- CreateTable
CREATE TABLE "export" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "status" "export_status" NOT NULL DEFAULT 'QUEUED',
    "format" "export_format" NOT NULL,
    "partition_by" "export_partition" NOT NULL,
    "filter" JSONB NOT NULL,
    "search" TEXT,
    "columns" TEXT[],
    "bom" BOOLEAN NOT NULL,
    "rows" BIGINT NOT NULL DEFAULT 0,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "expected_rows" BIGINT,
    "files" JSONB NOT NULL DEFAULT '[]',
    "folder" TEXT,
    "token" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "worker_id" UUID,
    "worker_until" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "finished_at" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6),

    CONSTRAINT "export_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "export_project_id_id_idx" ON "export"("project_id", "id");
