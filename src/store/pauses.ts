import { z } from 'zod';
import type { Pauses } from '../domain/ports.js';
import type { AccountPause } from '../domain/standing.js';
import type { Database } from './database.js';

/** The pause between two probes doubles from the first one's to this. */
const longestProbeMs = 10 * 60_000;

const rowSchema = z.object({
  account: z.string(),
  code: z.string(),
  message: z.string(),
  paused_at: z.date(),
  probe_at: z.date().nullable(),
});

function toPause({ account, code, message, paused_at, probe_at }: z.infer<typeof rowSchema>): AccountPause {
  return { account, code, message, pausedAt: paused_at, probeAt: probe_at };
}

export function createPauses(database: Database): Pauses {
  const { prisma } = database;
  return {
    async list() {
      const rows = await prisma.$queryRaw`select account, code, message, paused_at, probe_at from account_pause`;
      return z.array(rowSchema).parse(rows).map(toPause);
    },
    async pause({ account, code, message, probeInMs }) {
      await prisma.$executeRaw`
        insert into account_pause as known (account, code, message, probe_at)
        values (${account}, ${code}, ${message}, now() + ${probeInMs}::bigint * interval '1 millisecond')
        on conflict (account) do update set code = excluded.code, message = excluded.message,
          probe_at = least(known.probe_at, excluded.probe_at)
          -- What an operator paused stays so, whatever a provider says meanwhile.
          where known.probe_at is not null or excluded.probe_at is null`;
    },
    async claimProbes(accounts, firstProbeMs) {
      const rows = await prisma.$queryRaw`
        update account_pause set probes = probes + 1,
          probe_at = now() + interval '1 millisecond'
            * least(${longestProbeMs}::float8, ${firstProbeMs}::float8 * power(2, least(probes + 1, 20)))
        where account = any (${accounts}::text[]) and probe_at <= now()
        returning account, code, message, paused_at, probe_at`;
      return z.array(rowSchema).parse(rows).map(toPause);
    },
    async note(account, message) {
      await prisma.$executeRaw`
        update account_pause set message = ${message} where account = ${account} and probe_at is not null`;
    },
    async resume(account, { probed }) {
      const changed = await prisma.$executeRaw`
        delete from account_pause where account = ${account} and (probe_at is not null or not ${probed}::boolean)`;
      return changed === 1;
    },
    async slots() {
      const rows = await prisma.$queryRaw`
        select account, count(*)::integer as n from attempt
        where state in ('INTENDED', 'SENT', 'ACCEPTED') group by account`;
      return new Map(
        z
          .array(z.object({ account: z.string(), n: z.number() }))
          .parse(rows)
          .map(({ account, n }) => [account, n]),
      );
    },
  };
}
