// The changes of fanout.ts, at an even rate, written and numbered as a poller does.
import { generationMove } from '../src/domain/change.js';
import { newId, publicId } from '../src/domain/ids.js';
import { createHub } from '../src/events/hub.js';
import { createRelay } from '../src/events/relay.js';
import { createLogger } from '../src/logger.js';
import { openStore } from '../src/store/store.js';
import { acceptOne, newGeneration } from '../test/support/new-generation.js';
import type { Moment, WriterOrder, Written } from './fanout.ts';

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder;
const steps = ['SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED'] as const;
const changes = order.perSecond * order.seconds;

const store = openStore(order.databaseUrl, () => relay.poke());
const hub = createHub();
const relay = createRelay({ source: store.events, hub, logger: createLogger('warn') });
await relay.start();

const ids: string[] = [];
for (let from = 0; from < changes / steps.length; from += 500) {
  const some = Array.from({ length: Math.min(500, Math.ceil(changes / steps.length) - from) }, (_, n) =>
    newGeneration({
      id: newId(),
      projectId: order.projectId,
      profileId: order.profiles[(from + n) % order.profiles.length] ?? '',
      deadlineMs: 3_600_000,
    }),
  );
  ids.push(...(await Promise.all(some.map(async (each) => (await acceptOne(store.ledger, each)).id))));
}
// As autovacuum does sooner or later: without it the planner takes the ledger for empty.
await store.database.prisma.$executeRawUnsafe('vacuum analyze');
process.send?.({ what: 'ready', value: null });
await new Promise((go) => process.once('message', go));

const now = (): number => performance.timeOrigin + performance.now();
const nameOf = (generationId: string, version: number): string => `${publicId('Generation', generationId)}/${version}`;
const written: Moment[] = [];
const committed: Moment[] = [];
const numbered: Moment[] = [];
hub.onTopic({ projectId: order.projectId, profileId: null }, (event) => {
  numbered.push([nameOf(event.generationId, event.n), now()]);
});
const writing: Promise<void>[] = [];

async function change(n: number): Promise<void> {
  const generationId = ids[n % ids.length] ?? '';
  const step = Math.floor(n / ids.length);
  const to = steps[step];
  if (to === undefined) return;
  const name = nameOf(generationId, step + 2);
  written.push([name, now()]);
  const result = await store.ledger.change({ generationId, attempt: null, generation: generationMove(to) });
  committed.push([name, now()]);
  if (!result.generationChanged) throw new Error(`${generationId} did not become ${to}.`);
}

const from = performance.now();
await new Promise<void>((done) => {
  const timer = setInterval(() => {
    const due = Math.min(changes, Math.floor(((performance.now() - from) / 1_000) * order.perSecond));
    while (writing.length < due) writing.push(change(writing.length));
    if (writing.length < changes) return;
    clearInterval(timer);
    done();
  }, 2);
});
await Promise.all(writing);
process.send?.({ what: 'written', value: { written, committed, numbered } satisfies Written });
