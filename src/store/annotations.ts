import type { Annotations } from '../domain/annotation.js';
import type { Database, Transaction } from './database.js';
import { Prisma } from './generated/client.js';

/** What people say of generations: beside the ledger's guarded changes, which never touch these columns. */
export function createAnnotations(database: Database): Annotations {
  return {
    async set(projectId, id, { rating, favourite, note }) {
      const values = [
        ...(rating === undefined ? [] : [Prisma.sql`rating = ${rating}::smallint`]),
        ...(favourite === undefined ? [] : [Prisma.sql`favourite = ${favourite}::boolean`]),
        ...(note === undefined ? [] : [Prisma.sql`note = ${note}::text`]),
      ];
      const changed = await database.prisma.$executeRaw`
        update generation set ${Prisma.join(values)}
        where id = ${id}::uuid and project_id = ${projectId}::uuid and (erased_at is null or ${note == null}::boolean)`;
      return changed > 0;
    },

    async tag(projectId, ids, { add, remove, most }) {
      return await database.transaction(async (tx) => {
        // Locked in the order of their ids, as the ledger's changes lock them.
        const found = await tx.$queryRaw<{ id: string; tags: string[] | null }[]>`
          select id, tags from generation where id = any (${[...ids]}::uuid[]) and project_id = ${projectId}::uuid
          order by id for update`;
        const known = new Set(found.map(({ id }) => id));
        const wanted = found.map(({ id, tags }) => {
          const kept = (tags ?? []).filter((tag) => !remove.includes(tag));
          return { id, tags: [...new Set([...kept, ...add])] };
        });
        const missing = ids.filter((id) => !known.has(id));
        const full = wanted.flatMap(({ id, tags }) => (tags.length > most ? [id] : []));
        if (missing.length === 0 && full.length === 0) await write(tx, projectId, wanted);
        return { missing, full };
      });
    },
  };
}

async function write(
  tx: Transaction,
  projectId: string,
  rows: readonly { id: string; tags: string[] }[],
): Promise<void> {
  const input = JSON.stringify(rows);
  const given = Prisma.sql`jsonb_to_recordset(${input}::jsonb) as x (id uuid, tags text[])`;
  const ids = rows.map(({ id }) => id);
  await tx.$executeRaw`
    update generation g set tags = x.tags from ${given} where g.id = x.id and g.id = any (${ids}::uuid[])`;
  await tx.$executeRaw`
    delete from generation_tag t using ${given}
    where t.project_id = ${projectId}::uuid and t.generation_id = x.id and t.generation_id = any (${ids}::uuid[])
      and t.tag <> all (x.tags)`;
  await tx.$executeRaw`
    insert into generation_tag (project_id, tag, generation_id)
    select ${projectId}::uuid, tag, x.id from ${given}, unnest(x.tags) as tag on conflict do nothing`;
}
