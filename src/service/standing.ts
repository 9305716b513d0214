import type { Pauses } from '../domain/ports.js';
import type { Standings } from '../domain/standings.js';
import { defaultPolicy, type RoutingPolicy } from '../domain/rank.js';
import { standingKey, type AccountFault, type Standing } from '../domain/standing.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';

/** So old at most is what is known of pauses, retirements and policies; what attempts came to changes less. */
const readEveryMs = 2_000;
const recentEveryMs = 10_000;

/** How accounts and models stand, read in the background, so that nobody who asks has to wait for the database. */
export type StandingWatch = {
  /** Reads once, then goes on reading. */
  start(): Promise<void>;
  stop(): Promise<void>;
  now(): Standing;
  /** What went wrong at the accounts lately. */
  faults(): readonly AccountFault[];
  policyOf(projectId: string): RoutingPolicy;
  /** Reads now: something has been changed here. */
  refresh(): Promise<void>;
};

export function createStandingWatch(parts: {
  pauses: Pick<Pauses, 'list'>;
  standings: Pick<Standings, 'retirements' | 'recent' | 'policies'>;
  logger: Logger;
}): StandingWatch {
  const { pauses, standings, logger } = parts;
  let standing: Standing = { pauses: new Map(), retirements: new Map(), health: new Map() };
  let faults: readonly AccountFault[] = [];
  let policies: ReadonlyMap<string, RoutingPolicy> = new Map();
  let recentAt = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    const due = performance.now() - recentAt >= recentEveryMs;
    const [paused, retired, kept, recent] = await Promise.all([
      pauses.list(),
      standings.retirements(),
      standings.policies(),
      due ? standings.recent() : null,
    ]);
    policies = kept;
    if (recent !== null) {
      recentAt = performance.now();
      ({ faults } = recent);
    }
    const health = recent?.health.map((each) => [standingKey(each.account, each.model), each] as const);
    standing = {
      pauses: new Map(paused.map((pause) => [pause.account, pause])),
      retirements: new Map(retired.map((each) => [standingKey(each.account, each.model), each])),
      health: health === undefined ? standing.health : new Map(health),
    };
  }

  const ticker = createTicker({
    everyMs: readEveryMs,
    run: refresh,
    onError: (error) => logger.error({ err: asError(error) }, 'How accounts and models stand could not be read; again'),
  });

  return {
    async start() {
      await refresh();
      ticker.start();
    },
    stop: async () => await ticker.stop(),
    now: () => standing,
    faults: () => faults,
    policyOf: (projectId) => policies.get(projectId) ?? defaultPolicy,
    refresh,
  };
}
