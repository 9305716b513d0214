-- Questions to providers that need an account's key, which API processes do not have: they ask here, and a process that
-- polls answers.

CREATE TABLE "provider_call" (
    "id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "account" TEXT NOT NULL,
    "question" JSONB NOT NULL,
    "answer" JSONB,
    "asked_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "claimed_at" TIMESTAMPTZ(6),

    CONSTRAINT "provider_call_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "provider_call_asked_at_idx" ON "provider_call"("asked_at");
