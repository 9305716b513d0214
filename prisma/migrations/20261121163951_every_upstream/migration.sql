-- Several upstreams: finetunes that go by the address of a LoRA, the input images of fills, and what providers give to ask
-- for a result elsewhere or to stop a task.

ALTER TYPE "image_role" ADD VALUE 'IMAGE';
ALTER TYPE "image_role" ADD VALUE 'MASK';

ALTER TABLE "binding"
  ADD COLUMN "lora_url" TEXT,
  ALTER COLUMN "finetune_id" DROP NOT NULL,
  ADD CONSTRAINT "binding_names_a_finetune" CHECK ("finetune_id" IS NOT NULL OR "lora_url" IS NOT NULL);

ALTER TABLE "generation" ADD COLUMN "lora_url" TEXT;

ALTER TABLE "attempt"
  ADD COLUMN "result_url" TEXT,
  ADD COLUMN "cancel_url" TEXT,
  ADD COLUMN "stop_asked_at" TIMESTAMPTZ(6);
