import { z } from 'zod';
import type { RequestKey } from '../domain/generation.js';
import { lowestIdAt } from '../domain/ids.js';
import type { Idempotency } from '../domain/ports.js';
import type { Database, Transaction } from './database.js';

const rowsSchema = z.array(z.object({ generation_id: z.string(), request_hash: z.string() }));

/**
 * Takes a key for what `id` names, inside the transaction that writes it. False: another request has it. Whoever asks at the
 * same time waits until the first one is committed.
 */
export async function claimKey(
  tx: Pick<Transaction, '$queryRaw'>,
  projectId: string,
  { subject, key, requestHash }: RequestKey,
  id: string,
): Promise<boolean> {
  const claimed = await tx.$queryRaw<unknown[]>`
    insert into idempotency as known (project_id, subject, key, generation_id, request_hash, expires_at)
    values (${projectId}::uuid, ${subject}::uuid, ${key}, ${id}::uuid, ${requestHash}, now() + interval '24 hours')
    on conflict (project_id, subject, key) do update set generation_id = excluded.generation_id,
      request_hash = excluded.request_hash, expires_at = excluded.expires_at where known.expires_at <= now()
    returning 1`;
  return claimed.length > 0;
}

/** Keys of what was accepted longer ago are forgotten by now. */
const forgottenMs = 2 * 86_400_000;

/**
 * Forgets what was asked for these. The keys stay until their time is over, and the request repeated is refused: it would
 * be made, and paid, a second time.
 */
export async function forgetRequests(tx: Pick<Transaction, '$executeRaw'>, ids: readonly string[]): Promise<void> {
  const since = lowestIdAt(new Date(Date.now() - forgottenMs));
  const recent = ids.filter((id) => id >= since);
  if (recent.length === 0) return;
  await tx.$executeRaw`
    update idempotency set request_hash = '' where generation_id = any (${recent}::uuid[]) and request_hash <> ''`;
}

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
