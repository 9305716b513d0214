import { isTerminal } from '../domain/lifecycle.js';
import type { ReplayWork } from '../domain/replay.js';
import { insertGenerations } from './accept.js';
import type { Database } from './database.js';
import type { Replay as ReplayRow } from './generated/client.js';
import { picturesOf } from './pictures.js';
import { toPair, toReplay } from './replays.js';

/** Replays that one worker looks after at once. */
const claimedAtMost = 20;

/** Ends a transaction without a trace. */
class NothingDone extends Error {}

/** `onCommit` is called after generations were written. */
export function createReplayWork(database: Database, onCommit: () => void): ReplayWork {
  const { prisma } = database;
  return {
    async claim(workerId, leaseMs) {
      const rows = await prisma.$queryRaw<(ReplayRow & { projectSlug: string })[]>`
        with mine as (
          update replay set worker_id = ${workerId}::uuid, worker_until = now() + ${leaseMs} * interval '1 millisecond'
          where id in (
            select id from replay
            where started_at is not null and finished_at is null
              and (worker_id = ${workerId}::uuid or worker_until is null or worker_until < now())
            order by created_at limit ${claimedAtMost}::integer for update skip locked
          )
          returning *
        )
        select m.id, m.project_id as "projectId", p.slug as "projectSlug", m.status::text, m.filter, m.provider, m.model,
               m.overrides, m.reuse_seed as "reuseSeed", m.seed, m.sample, m.matches, m.priority,
               m.cost_limit_micros as "costLimitMicros", m.allow_unknown_price as "allowUnknownPrice",
               m.committed_micros as "committedMicros", m.token, m.worker_id as "workerId",
               m.worker_until as "workerUntil", m.created_at as "createdAt", m.started_at as "startedAt",
               m.finished_at as "finishedAt"
        from mine m join project p on p.id = m.project_id order by m.created_at`;
      return rows.map((row) => Object.assign(toReplay(row), { projectSlug: row.projectSlug }));
    },
    async release(workerId) {
      await prisma.replay.updateMany({ where: { workerId }, data: { workerId: null, workerUntil: null } });
    },
    async waiting(replayId, limit) {
      const where = { replayId, rerunId: null, refusalCode: null };
      return (await prisma.replayPair.findMany({ where, orderBy: { place: 'asc' }, take: limit })).map(toPair);
    },
    async started(replayId) {
      const open = await prisma.replayPair.findMany({ where: { replayId, rerunId: { not: null }, endedAt: null } });
      const [first] = open;
      if (first === undefined) return { count: 0, ended: [] };
      const ids = open.flatMap(({ originalId, rerunId }) => [originalId, rerunId ?? originalId]);
      const pictures = await picturesOf(database, first.projectId, ids);
      const ended = open.flatMap(({ originalId, rerunId }) => {
        const before = pictures.get(originalId)?.sha256 ?? null;
        const rerun = pictures.get(rerunId ?? '');
        // One that is gone altogether is over as well.
        if (rerun === undefined || rerun.status === null) return [{ originalId, before, after: null }];
        return isTerminal(rerun.status) ? [{ originalId, before, after: rerun.sha256 }] : [];
      });
      return { count: open.length, ended };
    },
    async startPair(replayId, originalId, rerun) {
      const price = rerun.costEstimatedMicros ?? 0;
      try {
        const result = await database.transaction(async (tx) => {
          // The row's lock makes whoever else starts one of the same replay, or cancels it, wait.
          const afforded = await tx.$executeRaw`
            update replay set committed_micros = committed_micros + ${price}
            where id = ${replayId}::uuid and status = 'RUNNING' and committed_micros + ${price} <= cost_limit_micros`;
          if (afforded === 0) {
            const { status } = await tx.replay.findUniqueOrThrow({ where: { id: replayId }, select: { status: true } });
            return status === 'RUNNING' ? 'limit' : 'over';
          }
          const taken = await tx.$executeRaw`
            update replay_pair set rerun_id = ${rerun.id}::uuid, price_micros = ${rerun.costEstimatedMicros}
            where replay_id = ${replayId}::uuid and original_id = ${originalId}::uuid
              and rerun_id is null and refusal_code is null`;
          if (taken === 0) throw new NothingDone();
          await insertGenerations(async (statement) => await tx.$queryRaw(statement), [rerun]);
          return 'started';
        });
        if (result === 'started') onCommit();
        return result;
      } catch (error) {
        if (error instanceof NothingDone) return 'over';
        throw error;
      }
    },
    async refusePair(replayId, originalId, { code, message }) {
      await prisma.replayPair.updateMany({
        where: { replayId, originalId, rerunId: null, refusalCode: null },
        data: { refusalCode: code, refusalMessage: message },
      });
    },
    async endPair(replayId, originalId, distance) {
      await prisma.$executeRaw`
        update replay_pair set distance = ${distance}, ended_at = now()
        where replay_id = ${replayId}::uuid and original_id = ${originalId}::uuid and ended_at is null`;
    },
    async finish(replayId) {
      await prisma.$executeRaw`
        update replay r set finished_at = now(),
          status = case when r.status = 'RUNNING' then 'FINISHED' else r.status end
        where id = ${replayId}::uuid and finished_at is null and not exists (
          select from replay_pair p where p.replay_id = r.id and p.ended_at is null
            and (p.rerun_id is not null or (r.status = 'RUNNING' and p.refusal_code is null)))`;
    },
  };
}
