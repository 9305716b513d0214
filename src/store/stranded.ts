import type { Generation } from '../domain/generation.js';
import type { Worklist } from '../domain/ports.js';
import type { Database } from './database.js';
import { generationColumns } from './generation-page.js';
import { toGeneration } from './generation-row.js';
import type { Generation as GenerationRow } from './generated/client.js';

/** Generations that wait where they cannot be sent at present, although there may be another way. */
export async function stranded(
  database: Database,
  { accounts, models, after, limit }: Parameters<Worklist['stranded']>[0],
): Promise<Generation[]> {
  const rows = await database.prisma.$queryRaw<GenerationRow[]>`
    select ${generationColumns} from generation
    where status = 'QUEUED' and routes is not null and (${after}::uuid is null or id > ${after}::uuid)
      and account = any (${[...accounts, ...models.map(({ account }) => account)]}::text[])
      and (account = any (${[...accounts]}::text[]) or (account, model) in (
        select * from unnest(${models.map(({ account }) => account)}::text[], ${models.map(({ model }) => model)}::text[])
      ))
    order by id limit ${limit}::integer`;
  return rows.map(toGeneration);
}
