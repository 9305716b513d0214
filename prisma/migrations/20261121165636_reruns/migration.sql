-- What a caller asked for is kept apart from what was sent, so that it can be asked for again elsewhere.

ALTER TABLE "generation" ADD COLUMN "asked" JSONB, ADD COLUMN "rerun_of" UUID;

-- The reruns of a generation. Partial: few generations are one.
CREATE INDEX "generation_reruns" ON "generation" ("rerun_of", "id") WHERE "rerun_of" IS NOT NULL;
