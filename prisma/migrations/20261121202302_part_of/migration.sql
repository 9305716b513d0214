-- CreateIndex
CREATE INDEX "replay_pair_rerun_id_idx" ON "replay_pair"("rerun_id");
