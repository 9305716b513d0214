import type { ProgressNote } from '../domain/work-item.js';
import type { Database } from './database.js';
import { storable } from './storable.js';

/** Keeps what looks showed of running tasks. An attempt that is another's by now, or over, keeps what it has. */
export async function noteProgress(database: Database, notes: readonly ProgressNote[]): Promise<void> {
  const input = JSON.stringify(
    notes.map(({ generationId, n, instanceId, looks, word, progress }) => ({
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
