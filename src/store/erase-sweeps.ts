import { z } from 'zod';
import type { Transaction } from './database.js';
import type { Prisma } from './generated/client.js';
import { forgetRequests } from './idempotency.js';

/** Shown in place of a prompt that was erased. */
export const erasedLabel = '(erased)';

const gridSchema = z.array(
  z.looseObject({
    name: z.string(),
    values: z.array(z.looseObject({ label: z.string(), prompt: z.string().nullable() })),
  }),
);

/** Takes prompts off the axes of the sweeps that these generations are cells of, unless another cell still has them. */
export async function eraseSweeps(tx: Transaction, generationIds: readonly string[]): Promise<void> {
  const rows = await tx.$queryRaw<{ id: string; grid: unknown }[]>`
    select id::text, grid from sweep
    where id = any (array(select sweep_id from sweep_cell where generation_id = any (${[...generationIds]}::uuid[])))
    order by id for update`;
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await forgetRequests(tx, ids);
  for (const { id, grid } of rows) {
    const axes = gridSchema.parse(grid);
    if (axes.every(({ name }) => name !== 'prompt')) continue;
    const kept = await tx.$queryRaw<{ prompt: string }[]>`
      select distinct prompt from generation
      where id = any (array(select generation_id from sweep_cell where sweep_id = ${id}::uuid)) and erased_at is null`;
    const still = new Set(kept.map(({ prompt }) => prompt));
    for (const value of axes.flatMap(({ name, values }) => (name === 'prompt' ? values : []))) {
      if (value.prompt === null || still.has(value.prompt)) continue;
      value.label = erasedLabel;
      value.prompt = '';
    }
    // A grid came from JSON, and only texts in it were replaced.
    await tx.sweep.update({ where: { id }, data: { grid: axes as Prisma.InputJsonArray } });
  }
}
