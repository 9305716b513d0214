import { z } from 'zod';
import type { Queue } from '../domain/ports.js';
import type { Database } from './database.js';

/** Further back than this a place in the queue is not worked out. */
const rankedAtMost = 20_000;

const placeSchema = z.object({ id: z.string(), position: z.number(), running: z.number() });

/** Where waiting generations stand, as admission would pick them (store/admit.ts). */
export function createQueue(database: Database): Queue {
  return {
    async places(projectId, account, ids) {
      const rows = await database.prisma.$queryRaw`
        with recursive slots as materialized (
          select project_id, count(*)::integer as n from attempt
          where account = ${account} and state in ('INTENDED', 'SENT', 'ACCEPTED') group by project_id
        ),
        mine as materialized (
          select id, rank + coalesce((select n from slots where project_id = ${projectId}::uuid), 0) as turn, rank
          from (
            select id, row_number() over (order by priority desc, id)::integer as rank from generation
            where status = 'QUEUED' and account = ${account} and project_id = ${projectId}::uuid
            order by priority desc, id limit ${rankedAtMost}
          ) q where id = any (${ids}::uuid[])
        ),
        projects as (
          (
            select project_id from generation where status = 'QUEUED' and account = ${account} and exists (select from mine)
            order by project_id limit 1
          )
          union all
          select (
            select g.project_id from generation g
            where g.status = 'QUEUED' and g.account = ${account} and g.project_id > p.project_id
            order by g.project_id limit 1
          )
          from projects p where p.project_id is not null
        ),
        others as materialized (
          -- Of another project so many go before as have their turn before: no more need be counted.
          select coalesce(s.n, 0) as running, (
            select count(*)::integer from (
              select from generation g
              where g.status = 'QUEUED' and g.account = ${account} and g.project_id = p.project_id
              limit greatest((select max(turn) from mine) - coalesce(s.n, 0), 0)
            ) q
          ) as waiting
          from projects p left join slots s using (project_id)
          where p.project_id is not null and p.project_id <> ${projectId}::uuid
        )
        select id, (rank + coalesce((
          select sum(least(o.waiting, greatest(m.turn - 1 - o.running, 0))) from others o
        ), 0))::integer as position,
        coalesce((select sum(n) from slots), 0)::integer as running
        from mine m`;
      const places = z.array(placeSchema).parse(rows);
      return new Map(places.map(({ id, position, running }) => [id, { position, running }]));
    },
    async placeOfNext(projectId, account, priority) {
      const rows = await database.prisma.$queryRaw`
        with recursive slots as materialized (
          select project_id, count(*)::integer as n from attempt
          where account = ${account} and state in ('INTENDED', 'SENT', 'ACCEPTED') group by project_id
        ),
        own as materialized (
          select rank, rank + coalesce((select n from slots where project_id = ${projectId}::uuid), 0) as turn from (
            select count(*)::integer + 1 as rank from (
              select from generation
              where status = 'QUEUED' and account = ${account} and project_id = ${projectId}::uuid
                and priority >= ${priority}::integer
              limit ${rankedAtMost}
            ) q
          ) r
        ),
        projects as (
          (
            select project_id from generation where status = 'QUEUED' and account = ${account}
            order by project_id limit 1
          )
          union all
          select (
            select g.project_id from generation g
            where g.status = 'QUEUED' and g.account = ${account} and g.project_id > p.project_id
            order by g.project_id limit 1
          )
          from projects p where p.project_id is not null
        ),
        others as materialized (
          select coalesce(s.n, 0) as running, (
            select count(*)::integer from (
              select from generation g
              where g.status = 'QUEUED' and g.account = ${account} and g.project_id = p.project_id
              limit greatest((select turn from own) - coalesce(s.n, 0), 0)
            ) q
          ) as waiting
          from projects p left join slots s using (project_id)
          where p.project_id is not null and p.project_id <> ${projectId}::uuid
        )
        select (rank + coalesce((
          select sum(least(o.waiting, greatest(turn - 1 - o.running, 0))) from others o
        ), 0))::integer as position,
        coalesce((select sum(n) from slots), 0)::integer as running
        from own`;
      const [place] = z.array(placeSchema.omit({ id: true })).parse(rows);
      return place ?? { position: 1, running: 0 };
    },
  };
}
