import { attemptKey } from '../domain/ids.js';
import type { AttemptRef } from '../domain/ports.js';
import { createBatcher } from './batcher.js';
import { isRowFault, type Database } from './database.js';
import { storable } from './storable.js';

export type Progress = AttemptRef & { instanceId: string; looks: number; word: string; progress: number | null };

/** Keeps what looks showed of running tasks, many at a time. */
export function createProgressNotes(database: Database): {
  note: (progress: Progress) => Promise<void>;
  drain: () => Promise<void>;
} {
  const batcher = createBatcher<Progress, true>({
    isRowFault,
    keyOf: attemptKey,
    async write(rows) {
      await write(database, rows);
      return rows.map(() => true);
    },
  });
  return {
    note: async (progress) => void (await batcher.add(progress)),
    drain: async () => await batcher.drain(),
  };
}

async function write(database: Database, rows: readonly Progress[]): Promise<void> {
  const input = JSON.stringify(
    rows.map(({ generationId, n, instanceId, looks, word, progress }) => ({
      id: generationId,
      n,
      instance_id: instanceId,
      looks,
      word: storable(word),
      progress: progress === null ? null : Math.round(progress * 1_000) / 1_000,
    })),
  );
  await database.prisma.$executeRaw`
    with input as materialized (
      select * from jsonb_to_recordset(${input}::jsonb) as x (
        id uuid, n integer, instance_id uuid, looks integer, word text, progress real
      )
    ),
    locked as materialized (
      select a.generation_id, a.n from attempt a where a.generation_id = any (array(select id from input))
      order by a.generation_id, a.n for update
    )
    update attempt a set looks = i.looks, word = i.word, progress = i.progress, progress_at = now()
    from input i join locked l on l.generation_id = i.id and l.n = i.n
    where a.generation_id = any (array(select id from input)) and a.generation_id = i.id and a.n = i.n
      and a.state = 'ACCEPTED' and a.instance_id = i.instance_id`;
}
