import { z } from 'zod';
import { savingGraceMs } from '../domain/lifecycle.js';
import type { AttemptRef, WorkItem, Worklist } from '../domain/ports.js';
import { admit } from './admit.js';
import type { Database } from './database.js';
import { toGeneration } from './generation-row.js';
import { toImage } from './images.js';
import { ownedBy, registerInstance, releaseInstance, renewLease, takeOver } from './instances.js';

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
    load: async (ref) => await load(database, ref),
    async refusals({ generationId, n }, errorCode) {
      return await database.prisma.attempt.count({
        where: { generationId, n: { lt: n }, state: 'REFUSED', errorCode },
      });
    },
    async noteProgress({ generationId, n, instanceId, looks, word, progress }) {
      const rounded = progress === null ? null : Math.round(progress * 1_000) / 1_000;
      await database.prisma.$executeRaw`
        update attempt set looks = ${looks}, word = ${word}, progress = ${rounded}::real, progress_at = now()
        where generation_id = ${generationId}::uuid and n = ${n} and state = 'ACCEPTED'
          and instance_id = ${instanceId}::uuid`;
    },
    async overdue(limit) {
      const rows = await database.prisma.$queryRaw`
        select id, exists (select from attempt a where a.generation_id = g.id and a.state in ('SENT', 'ACCEPTED')) as sent
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
        .array(z.object({ id: z.string(), sent: z.boolean() }))
        .parse(rows)
        .map(({ id, sent }) => ({ generationId: id, sent }));
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

async function load(database: Database, ref: AttemptRef): Promise<WorkItem | null> {
  const { prisma } = database;
  const { generationId, n } = ref;
  const [clock, generation, attempt, refs] = await Promise.all([
    prisma.$queryRaw`select now() as now`,
    prisma.generation.findUnique({ where: { id: generationId } }),
    prisma.attempt.findUnique({ where: { generationId_n: { generationId, n } } }),
    prisma.generationImage.findMany({ where: { generationId, role: { in: ['CONTROL', 'IMAGE_PROMPT'] } } }),
  ]);
  if (generation === null || attempt === null) return null;
  const [read] = z.array(z.object({ now: z.date() })).parse(clock);
  const images =
    refs.length === 0 ? [] : await prisma.image.findMany({ where: { id: { in: refs.map((row) => row.imageId) } } });
  const imageOf = (role: 'CONTROL' | 'IMAGE_PROMPT'): ReturnType<typeof toImage> | null => {
    const imageId = refs.find((row) => row.role === role)?.imageId;
    const image = images.find((row) => row.id === imageId);
    return image === undefined ? null : toImage(image);
  };
  return {
    generation: toGeneration(generation),
    attempt: { ...attempt, costMicros: attempt.costMicros === null ? null : Number(attempt.costMicros) },
    controlImage: imageOf('CONTROL'),
    imagePrompt: imageOf('IMAGE_PROMPT'),
    readAt: read?.now ?? new Date(),
  };
}
