import { z } from 'zod';
import type { Idempotency } from '../domain/ports.js';
import type { Database } from './database.js';

const rowsSchema = z.array(z.object({ generation_id: z.string(), request_hash: z.string() }));

/** Rows removed in one go. */
const purgedAtOnce = 1_000;

export function createIdempotency(database: Database): Idempotency {
  return {
    async find(projectId, { subject, key }) {
      const rows = await database.prisma.$queryRaw`
        select generation_id, encode(request_hash, 'hex') as request_hash from idempotency
        where project_id = ${projectId}::uuid and subject = ${subject}::uuid and key = ${key} and expires_at > now()`;
      const [row] = rowsSchema.parse(rows);
      return row === undefined
        ? null
        : { generationId: row.generation_id, requestHash: Buffer.from(row.request_hash, 'hex') };
    },
  };
}

/** Forgets keys whose time is over. */
export async function purgeIdempotency(database: Database): Promise<number> {
  return await database.prisma.$executeRaw`
    delete from idempotency where (project_id, subject, key) in (
      select project_id, subject, key from idempotency where expires_at <= now() order by expires_at
      limit ${purgedAtOnce}::integer for update skip locked)`;
}
