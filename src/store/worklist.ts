import { z } from 'zod';
import { savingGraceMs, terminalStatuses } from '../domain/lifecycle.js';
import type { Worklist } from '../domain/ports.js';
import { admit } from './admit.js';
import type { Database } from './database.js';
import { ownedBy, registerInstance, releaseInstance, renewLease, takeOver } from './instances.js';
import { stranded } from './stranded.js';
import { noteProgress } from './progress.js';
import { createWorkItems } from './work-items.js';

const unconfirmedSchema = z.array(
  z
    .object({ generation_id: z.string(), n: z.number(), account: z.string() })
    .transform(({ generation_id, n, account }) => ({ generationId: generation_id, n, account })),
);
const refsSchema = z.array(z.object({ generation_id: z.string(), n: z.number() }));

/** The poller's side of the ledger. */
export function createWorklist(database: Database): Worklist {
  return {
    register: async (instance) => await registerInstance(database, instance),
    renew: async (instanceId) => await renewLease(database, instanceId),
    release: async (instanceId) => await releaseInstance(database, instanceId),
    takeOver: async (request) => await takeOver(database, request),
    owned: async (instanceId) => await ownedBy(database, instanceId),
    admit: async (request) => await admit(database, request),
    load: createWorkItems(database),
    async refusals({ generationId, n }, errorCode) {
      return await database.prisma.attempt.count({
        where: { generationId, n: { lt: n }, state: 'REFUSED', errorCode },
      });
    },
    stranded: async (request) => await stranded(database, request),
    noteProgress: async (notes) => await noteProgress(database, notes),
    async overdue(limit) {
      const rows = await database.prisma.$queryRaw`
        select id, account, exists (select from attempt a where a.generation_id = g.id and a.state in ('SENT', 'ACCEPTED')) as sent
        from generation g
        where status in ('QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING') and deadline < now()
          -- An owner ends what it saves itself, for only it knows whether it holds the image. Asked row by row (a join
          -- may be planned as a reading of every month).
          and (status <> 'SAVING' or deadline < now() - ${savingGraceMs} * interval '1 millisecond' and (
            select i.id from attempt a join instance i on i.id = a.instance_id
            where a.generation_id = g.id and a.n = g.attempt_count
          ) is null)
        order by deadline limit ${limit}::integer`;
      return z
        .array(z.object({ id: z.string(), account: z.string(), sent: z.boolean() }))
        .parse(rows)
        .map(({ id, account, sent }) => ({ generationId: id, account, sent }));
    },
    async unwanted(instanceId, accounts, limit) {
      const rows = await database.prisma.$queryRaw`
        select a.generation_id, a.n from attempt a join generation g on g.id = a.generation_id
        where a.instance_id = ${instanceId}::uuid and a.state in ('INTENDED', 'SENT', 'ACCEPTED')
          and a.state = 'ACCEPTED' and a.stop_asked_at is null and a.account = any (${[...accounts]}::text[])
          and (g.status = any (${terminalStatuses}::generation_status[]) or a.n < g.attempt_count)
        limit ${limit}::integer`;
      return refsSchema.parse(rows).map((row) => ({ generationId: row.generation_id, n: row.n }));
    },
    async noteStopAsked({ generationId, n }) {
      await database.prisma.$executeRaw`
        update attempt set stop_asked_at = now() where generation_id = ${generationId}::uuid and n = ${n}`;
    },
    async unconfirmed(instanceId, accounts, limit) {
      const rows = await database.prisma.$queryRaw`
        select a.generation_id, a.n, a.account from attempt a join generation g on g.id = a.generation_id
        where a.instance_id = ${instanceId}::uuid and a.state in ('INTENDED', 'SENT', 'ACCEPTED') and a.state = 'SENT'
          and a.account = any (${[...accounts]}::text[]) and g.status = 'UNCONFIRMED' and a.n = g.attempt_count
        limit ${limit}::integer`;
      return unconfirmedSchema.parse(rows);
    },
    async unanswered(unconfirmedMs, limit) {
      const rows = await database.prisma.$queryRaw`
        select generation_id, n from attempt
        -- The first condition names the index's.
        where state in ('INTENDED', 'SENT', 'ACCEPTED') and state = 'SENT'
          and sent_at < now() - ${unconfirmedMs} * interval '1 millisecond'
        order by sent_at limit ${limit}::integer`;
      return refsSchema.parse(rows).map((row) => ({ generationId: row.generation_id, n: row.n }));
    },
  };
}
