import { z } from 'zod';
import type { ProviderCalls } from '../domain/provider-call.js';
import { bindingVerdicts } from '../domain/provider-call.js';
import type { Database } from './database.js';

/** So many of one project may be open at once. */
const openAtMost = 5;
/** Answered together by one process. */
const claimedAtOnce = 20;
/** Nobody waits for an answer after so long. */
const keptForSeconds = 60;

const text = z.string().nullable();
const question = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('LIST_FINETUNES') }),
  z.object({ kind: z.literal('CHECK_BINDING'), finetuneId: text, loraUrl: text }),
]);
const finetune = z.object({ finetuneId: text, loraUrl: text, name: z.string(), triggerWord: text });
const answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('LISTED'), finetunes: z.array(finetune) }),
  z.object({ kind: z.literal('CHECKED'), verdict: z.enum(bindingVerdicts), message: z.string() }),
  z.object({ kind: z.literal('UNSUPPORTED'), message: z.string() }),
  z.object({ kind: z.literal('FAILED'), message: z.string() }),
]);
const claimed = z.array(z.object({ id: z.string(), account: z.string(), question }));

/** Questions on their way between the processes that take them and those that have the keys. */
export function createProviderCalls(options: { client: Database; background: Database }): ProviderCalls {
  const { client, background } = options;
  return {
    async ask({ id, projectId, account, question: asked }) {
      const written = await client.prisma.$executeRaw`
        insert into provider_call (id, project_id, account, question)
        select ${id}::uuid, ${projectId}::uuid, ${account}, ${JSON.stringify(asked)}::jsonb
        where (
          select count(*) from provider_call
          where project_id = ${projectId}::uuid and answer is null
            and asked_at > now() - ${keptForSeconds} * interval '1 second'
        ) < ${openAtMost}`;
      return written === 1;
    },
    async answerOf(id) {
      const row = await client.prisma.providerCall.findUnique({ where: { id }, select: { answer: true } });
      return row === null || row.answer === null ? null : answer.parse(row.answer);
    },
    async claim(accounts) {
      const rows = await background.prisma.$queryRaw`
        update provider_call set claimed_at = now() where id in (
          select id from provider_call
          where claimed_at is null and asked_at > now() - ${keptForSeconds} * interval '1 second'
            and account = any (${[...accounts]}::text[])
          order by asked_at limit ${claimedAtOnce}::integer for update skip locked
        ) returning id, account, question`;
      return claimed.parse(rows);
    },
    async answer(id, given) {
      await background.prisma.$executeRaw`
        update provider_call set answer = ${JSON.stringify(given)}::jsonb where id = ${id}::uuid`;
    },
  };
}

export async function purgeProviderCalls(database: Database): Promise<number> {
  return await database.prisma.$executeRaw`
    delete from provider_call where asked_at < now() - ${keptForSeconds} * interval '1 second'`;
}
