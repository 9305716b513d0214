-- CreateIndex
CREATE INDEX "sweep_cell_generation_id_idx" ON "sweep_cell"("generation_id");

-- CreateIndex
CREATE INDEX "replay_pair_rerun_id_idx" ON "replay_pair"("rerun_id");
