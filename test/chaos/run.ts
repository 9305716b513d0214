import { z } from 'zod';
import { sleep } from '../../src/time.js';
import { makeBed, type Bed } from './bed.js';
import { disturb, type DisturbanceName, type Scene } from './disturbances.js';
import { startIdleSockets } from './idle.js';
import { startMonitor, type Monitor } from './monitor.js';
import type { ChaosOptions } from './options.js';
import { createRecoveries, type Recovered, type Recoveries } from './recoveries.js';
import { startSubmitters } from './submitters.js';
import { startSubscriber, type Subscriber } from './subscriber.js';
import { judge, type Verdict } from './verdict.js';

export type ChaosReport = Verdict & { generations: number; seconds: number; recoveries: Recovered[] };

/** How long the last generations may take to end, on top of the time for unconfirmed ones. */
const endWithinMs = 120_000;
/** How long subscribers may take to hear the last events. */
const hearWithinMs = 30_000;

/** Starts everything, disturbs it while it works, lets it finish, and judges. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const from = Date.now();
  const elapsed = (): number => (Date.now() - from) / 1_000;
  const say = (line: string): void => options.say(`${elapsed().toFixed(1).padStart(6)} s  ${line}`);
  say('starting PostgreSQL, the sandbox, two APIs and two pollers');
  const bed = await makeBed(options);
  const stops: (() => Promise<unknown>)[] = [async () => await bed.stop()];
  try {
    return { ...(await work({ ...options, say }, bed, stops)), seconds: elapsed() };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function work(
  options: ChaosOptions,
  bed: Bed,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<ChaosReport, 'seconds'>> {
  const { say } = options;
  const { authorization } = bed;
  const urls = bed.apis.map(({ url }) => url);
  const monitor = startMonitor(bed.postgres.url);
  stops.push(async () => await monitor.stop());
  const idle = startIdleSockets({ count: options.idleSockets, urls, authorization });
  stops.push(async () => await idle.stop());
  const subscribers = listen(options, bed);
  stops.push(async () => await Promise.all(subscribers.map(async (each) => await each.stop())));
  const connected = (): boolean => subscribers.every((each) => each.heard()) && idle.open() === options.idleSockets;
  if (!(await until(connected, 30_000))) {
    const heard = subscribers.filter((each) => each.heard()).length;
    throw new Error(
      `${subscribers
        .flatMap((each) => each.violations)
        .join()
        .slice(0, 500)} Only ${heard} subscribers and ${idle.open()} idle connections came about.`,
    );
  }

  let calm = false;
  const pace = createPace(options.perSecond);
  const submitters = startSubmitters({
    count: options.submitters,
    apis: bed.apis,
    authorization,
    profileId: await profileOf(bed),
    seed: options.seed,
    async room() {
      await pace();
      for (;;) {
        if (calm && submitters.accepted.size >= options.generations) return false;
        if (monitor.unfinished() < options.unfinishedAtMost) return true;
        await sleep(50);
      }
    },
  });
  const violations: string[] = [];
  const recoveries = createRecoveries(options.recoveryWithinMs, ({ disturbance, what, ms }) =>
    say(
      `${disturbance}: ${what}${ms === null ? ' NOT' : ''} after ${((ms ?? options.recoveryWithinMs) / 1_000).toFixed(1)} s`,
    ),
  );
  const complain = (violation: string): void => void violations.push(violation);
  const scene = { options, bed, monitor, submitters, complain };

  await until(() => monitor.succeeded() > 0, 30_000);
  await Promise.all(options.disturbances.map(async (track) => await disturbAll(track, scene, recoveries)));
  await recoveries.settled();
  for (const { disturbance, what, ms } of recoveries.list()) {
    if (ms === null) complain(`${disturbance}: not within ${options.recoveryWithinMs / 1_000} s: ${what}`);
  }
  say(`the last disturbance is over; ${submitters.accepted.size} generations so far`);
  calm = true;
  await submitters.finished;

  await finish(options, monitor, subscribers, complain);
  if (idle.open() < options.idleSockets * 0.9) complain(`only ${idle.open()} idle connections are left`);
  for (const each of subscribers) await each.stop();
  say('judging');
  const verdict = await judge({ options, bed, monitor, submitters, subscribers });
  return {
    violations: [...violations, ...verdict.violations],
    facts: verdict.facts,
    generations: submitters.accepted.size,
    recoveries: recoveries.list(),
  };
}

function listen(options: ChaosOptions, { apis, authorization }: Bed): Subscriber[] {
  return Array.from({ length: options.subscribers }, (_, n) =>
    startSubscriber({
      name: `subscriber ${n + 1}${n % 2 === 0 ? '' : ' (SSE)'}`,
      door: n % 2 === 0 ? 'websocket' : 'stream',
      urls: apis.map(({ url }) => url),
      authorization,
      seed: options.seed,
      // Some are cut every moment, some stay for longer.
      cutAfterMs: { least: 300, most: 2_000 * (n + 1) },
    }),
  );
}

async function disturbAll(
  track: readonly DisturbanceName[],
  scene: Omit<Scene, 'expect'>,
  recoveries: Recoveries,
): Promise<void> {
  const { say, calmMs, waitForRecovery } = scene.options;
  const more = (): boolean => scene.options.again && scene.submitters.accepted.size < scene.options.generations;
  for (let n = 0; n < track.length || (n > 0 && more()); n += 1) {
    const name = track[n % track.length];
    if (name === undefined) return;
    say(`${name} …`);
    await disturb(name, { ...scene, expect: (recovery) => recoveries.expect(name, recovery) });
    if (waitForRecovery) await recoveries.settled();
    await sleep(calmMs);
  }
}

/** Waits until everything has ended and everybody has heard of it; what does not end is found by the verdict. */
async function finish(
  options: ChaosOptions,
  monitor: Monitor,
  subscribers: readonly Subscriber[],
  complain: (violation: string) => void,
): Promise<void> {
  const count = async (from: string): Promise<number> => {
    const [row] = await monitor.sql(`select count(*)::int as count from ${from}`);
    return Number(row?.['count']);
  };
  const unfinished = 'generation where finished_at is null';
  const held = "attempt where state in ('INTENDED', 'SENT', 'ACCEPTED')";
  const ended = async (): Promise<boolean> => (await count(unfinished)) + (await count(held)) === 0;
  if (!(await until(ended, endWithinMs + options.unconfirmedSeconds * 1_000))) {
    complain(`${await count(unfinished)} generations do not end, ${await count(held)} attempts keep their slots`);
  }
  const events = await count('generation_event');
  await until(() => subscribers.every((each) => each.events() >= events), hearWithinMs);
}

async function until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(50)) if (await condition()) return true;
  return false;
}

/** Resolves so often a second at most. */
function createPace(perSecond: number): () => Promise<void> {
  let next = 0;
  return async () => {
    const now = Date.now();
    const mine = Math.max(next, now);
    next = mine + 1_000 / perSecond;
    await sleep(mine - now);
  };
}

const profilesSchema = z.object({
  data: z.object({ profiles: z.object({ nodes: z.array(z.object({ id: z.string() })).min(1) }) }),
});

async function profileOf({ apis, authorization }: Bed): Promise<string> {
  const response = await fetch(`${apis[0]?.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: '{ profiles { nodes { id } } }' }),
  });
  return profilesSchema.parse(await response.json()).data.profiles.nodes[0]?.id ?? '';
}
