import { z } from 'zod';
import type { Replay, ReplayPair, Replays } from '../domain/replay.js';
import type { GenerationFilter } from '../domain/generation-filter.js';
import type { Database } from './database.js';
import type { Prisma, Replay as ReplayRow, ReplayPair as PairRow } from './generated/client.js';
import { micros, readParameters } from './generation-row.js';
import { claimKey } from './idempotency.js';
import { picturesOf } from './pictures.js';
import { startReplay } from './start-replay.js';
import { toTally, type RawTally } from './sweeps.js';

const filterSchema = z.record(z.string(), z.unknown());

/** Replays as their project sees them. */
export function createReplays(database: Database): Replays {
  const { prisma } = database;
  return {
    async create({ filter, overrides, ...replay }, pairs, requestKey) {
      return await database.transaction(async (tx) => {
        if (requestKey !== null && !(await claimKey(tx, replay.projectId, requestKey, replay.id))) return null;
        const row = await tx.replay.create({ data: { ...replay, overrides, filter: asJson(filter) } });
        const owner = { replayId: replay.id, projectId: replay.projectId };
        await tx.replayPair.createMany({ data: pairs.map((pair) => Object.assign({}, pair, owner)) });
        return toReplay(row);
      });
    },
    async find(projectId, ids) {
      return (await prisma.replay.findMany({ where: { projectId, id: { in: [...ids] } } })).map(toReplay);
    },
    async page(projectId, { first, after }) {
      const where = { projectId, ...(after === null ? {} : { id: { lt: after } }) };
      return (await prisma.replay.findMany({ where, orderBy: { id: 'desc' }, take: first })).map(toReplay);
    },
    async byToken(id, token) {
      const row = await prisma.replay.findFirst({ where: { id, token } });
      return row === null ? null : toReplay(row);
    },
    start: async (projectId, id) => await startReplay(database, projectId, id),
    async cancel(projectId, id) {
      // One that was never started has nothing left to be settled.
      await prisma.$executeRaw`
        update replay set status = 'CANCELED', finished_at = case when started_at is null then now() end
        where id = ${id}::uuid and project_id = ${projectId}::uuid and status in ('PLANNED', 'RUNNING')`;
    },
    async pairs(projectId, replayIds) {
      return (await prisma.replayPair.findMany({ where: { projectId, replayId: { in: [...replayIds] } } })).map(toPair);
    },
    async pairsOf(projectId, rerunIds) {
      return (await prisma.replayPair.findMany({ where: { projectId, rerunId: { in: [...rerunIds] } } })).map(toPair);
    },
    async pairPage(projectId, replayId, { first, after }) {
      const where = { projectId, replayId, ...(after === null ? {} : { originalId: { lt: after } }) };
      const rows = await prisma.replayPair.findMany({ where, orderBy: { originalId: 'desc' }, take: first });
      return rows.map(toPair);
    },
    async pair(projectId, replayId, originalId) {
      const row = await prisma.replayPair.findFirst({ where: { projectId, replayId, originalId } });
      return row === null ? null : toPair(row);
    },
    pictures: async (projectId, ids) => await picturesOf(database, projectId, ids),
    async tally(projectId, replayIds) {
      const rows = await prisma.$queryRaw<(RawTally & { replayId: string })[]>`
        with reruns as materialized (
          select replay_id, rerun_id from replay_pair
          where replay_id = any (${[...replayIds]}::uuid[]) and project_id = ${projectId}::uuid and rerun_id is not null
        )
        select r.replay_id as "replayId", g.status::text, count(*)::integer,
               sum(g.cost_estimated_micros)::bigint as "estimatedMicros",
               sum(g.cost_quoted_micros)::bigint as "quotedMicros", sum(g.cost_settled_micros)::bigint as "settledMicros"
        from generation g join reruns r on r.rerun_id = g.id
        -- An array, not only a join: a join may be planned as a reading of every month.
        where g.id = any (array(select rerun_id from reruns))
        group by r.replay_id, g.status`;
      return rows.map((row) => Object.assign(toTally(row), { replayId: row.replayId }));
    },
  };
}

/** A filter's times become texts, as JSON has none. */
function asJson(filter: GenerationFilter): Prisma.InputJsonObject {
  const plain: unknown = JSON.parse(JSON.stringify(filter));
  // What JSON.parse gives of an object is one that JSON can hold.
  return plain as Prisma.InputJsonObject;
}

export function toReplay(row: ReplayRow): Replay {
  const { workerId: _worker, workerUntil: _until, filter, overrides, ...rest } = row;
  return {
    ...rest,
    filter: filterSchema.parse(filter),
    overrides: readParameters(overrides),
    seed: Number(row.seed),
    costLimitMicros: Number(row.costLimitMicros),
    committedMicros: Number(row.committedMicros),
  };
}

export function toPair(pair: PairRow): ReplayPair {
  const { projectId: _project, profileId: _profile, reserveMicros: _reserve, priceMicros, ...row } = pair;
  return { ...row, priceMicros: micros(priceMicros) };
}
