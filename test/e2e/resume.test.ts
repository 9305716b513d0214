import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  FollowError,
  followGenerations,
  type FollowMessage,
  type FollowOptions,
  type FollowState,
} from '../../src/client/follow-generations.js';
import { publicId } from '../../src/domain/ids.js';
import { startCutter, type Cutter } from '../support/cutter.js';
import { openInstances, wholeLife, type Instance, type Instances } from '../support/instances.js';

let instances: Instances;
let near: Instance;
let far: Instance;
let cutters: Cutter[];

beforeAll(async () => {
  instances = await openInstances();
  [near, far] = [await instances.start(), await instances.start()];
  cutters = [await startCutter(near.url), await startCutter(far.url)];
});

afterAll(async () => {
  for (const cutter of cutters) await cutter.stop();
  await instances.stop();
});

type Followed = {
  messages: FollowMessage[];
  states: FollowState[];
  /** What each generation's events told, in the order they came. */
  told(): Map<string, number[]>;
  positions(): number[];
  /** Rejects with what ended the loop. */
  ended: Promise<void>;
  leave(): Promise<void>;
};

/** What is waited for comes in milliseconds, or never. */
vi.setConfig({ testTimeout: 60_000 });
const soon = { timeout: 10_000 };

/** Follows until it is told to leave; an error of the loop comes out there. */
function follow(options: Partial<FollowOptions> = {}): Followed {
  const control = new AbortController();
  const messages: FollowMessage[] = [];
  const states: FollowState[] = [];
  const reading = (async () => {
    const following = followGenerations({
      url: near.url,
      apiKey: instances.apiKey,
      webSocket: WebSocket,
      retry: { firstMs: 20, longestMs: 100 },
      ...options,
      signal: control.signal,
      onState: (state) => states.push(state),
    });
    for await (const message of following) messages.push(message);
  })();
  reading.catch(() => undefined);
  const events = () => messages.flatMap((message) => (message.kind === 'event' ? [message.event] : []));
  return {
    messages,
    states,
    told: () =>
      new Map(
        [...Map.groupBy(events(), (event) => event.generationId)].map(([id, each]) => [
          id,
          each.map(({ version }) => version),
        ]),
      ),
    ended: reading,
    positions: () => events().map(({ position }) => position),
    async leave() {
      control.abort();
      await reading;
    },
  };
}

const isOpen = ({ states, messages }: Followed): boolean =>
  messages.length > 0 || states.some(({ state }) => state === 'open');
const versions = wholeLife.map((_, index) => index + 1);

it('loses and repeats nothing over cut sockets, on either instance and by either way', async () => {
  let turn = 0;
  const url = (): string => cutters[(turn += 1) % 2]?.url ?? '';
  const readers = Array.from({ length: 6 }, (_, n) => follow({ url, transport: n % 2 === 0 ? 'ws' : 'sse' }));
  await vi.waitFor(() => expect(readers.every(isOpen)).toBe(true), { timeout: 10_000 });
  const ids: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    ids.push(...(await instances.draw(15)));
    cutters[round % 2]?.cut();
  }
  const wanted = new Map(ids.map((id) => [publicId('Generation', id), versions]));
  for (const reader of readers) {
    await vi.waitFor(() => expect(reader.positions()).toHaveLength(ids.length * versions.length), { timeout: 20_000 });
    expect(reader.told()).toEqual(wanted);
    expect(reader.positions()).toEqual([...reader.positions()].sort((a, b) => a - b));
    // One snapshot, at the beginning; and it was cut indeed.
    expect(reader.messages.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1);
    expect(reader.states.filter(({ state }) => state === 'waiting').length).toBeGreaterThan(2);
    await reader.leave();
    expect(reader.states.at(-1)).toEqual({ state: 'closed' });
  }
});

it('goes on from a cursor that was kept, by its filter, and tells the generation as it is', async () => {
  const before = follow();
  await vi.waitFor(() => expect(before.messages).toHaveLength(1), soon);
  await before.leave();
  const [id = ''] = await instances.draw(1, { control: 'CANNY' });
  await instances.draw(3);
  const after = follow({
    url: far.url,
    after: before.messages[0]?.cursor ?? null,
    transport: 'sse',
    filter: { control: ['CANNY'], status: ['SAVING', 'SUCCEEDED'] },
  });
  await vi.waitFor(() => expect(after.positions()).toHaveLength(2), soon);
  expect(after.messages).toMatchObject([
    { kind: 'event', event: { version: 4, status: 'SAVING', previousStatus: 'RUNNING' } },
    { kind: 'event', event: { generation: { id: publicId('Generation', id), status: 'SUCCEEDED' } } },
  ]);
  await after.leave();
});

it('is told that an instance stops, and goes on at another', async () => {
  const leaving = await instances.start();
  let stopping = false;
  const url = (): string => (stopping ? far.url : leaving.url);
  const readers = (['ws', 'sse'] as const).map((transport) => follow({ url, transport }));
  await vi.waitFor(() => expect(readers.every(isOpen)).toBe(true), soon);
  const drawing = instances.draw(40);
  await vi.waitFor(() => expect(readers.every((reader) => reader.positions().length > 0)).toBe(true), soon);
  stopping = true;
  const from = performance.now();
  await leaving.stop();
  expect(performance.now() - from).toBeLessThan(5_000);
  const ids = await drawing;
  for (const reader of readers) {
    await vi.waitFor(() => expect(reader.positions()).toHaveLength(ids.length * versions.length), { timeout: 10_000 });
    expect(reader.told()).toEqual(new Map(ids.map((id) => [publicId('Generation', id), versions])));
    const reasons = reader.states.flatMap((state) => (state.state === 'waiting' ? [state.reason] : []));
    expect(reasons).toEqual([expect.stringContaining('This process stops')]);
    await reader.leave();
  }
});

it.each(['ws', 'sse'] as const)(
  'takes a new snapshot over %s when its cursor is too old, and says so',
  async (transport) => {
    await instances.draw(1);
    await instances.numbered();
    const first = follow({ transport });
    await vi.waitFor(() => expect(first.messages).toHaveLength(1), soon);
    await first.leave();
    const cursor = first.messages[0]?.cursor ?? null;
    await instances.draw(1);
    await instances.numbered();
    await instances.bench.sql(
      `update generation_event set at = at - interval '73 hours' where position > ${positionOf(cursor)}`,
    );
    const again = follow({ after: cursor, transport });
    await vi.waitFor(() => expect(again.messages).toMatchObject([{ kind: 'snapshot', gap: true }]), soon);
    const [id = ''] = await instances.draw(1);
    await vi.waitFor(() => expect(again.told()).toEqual(new Map([[publicId('Generation', id), versions]])), soon);
    await again.leave();
  },
);

it('takes a new snapshot when its cursor lies ahead of the log', async () => {
  const ahead = follow({ after: Buffer.from('e1:999999999').toString('base64url') });
  await vi.waitFor(() => expect(ahead.messages).toMatchObject([{ kind: 'snapshot', gap: true }]), soon);
  await ahead.leave();
});

it.each(['ws', 'sse'] as const)('gives up over %s what Darkroom refuses', async (transport) => {
  for (const cursor of [
    'nonsense',
    '',
    Buffer.from('e1:-1').toString('base64url'),
    Buffer.from('e1:01').toString('base64url'),
  ]) {
    const refused = follow({ after: cursor, transport });
    await expect(refused.ended).rejects.toThrow(
      expect.objectContaining({
        name: FollowError.name,
        code: 'BAD_REQUEST',
        message: `after is no cursor of generationEvents; got "${cursor}".`,
      }),
    );
  }
  const stranger = follow({ apiKey: 'dk_wrong', transport });
  await expect(stranger.ended).rejects.toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
});

function positionOf(cursor: string | null): number {
  return Number(
    Buffer.from(cursor ?? '', 'base64url')
      .toString()
      .slice('e1:'.length),
  );
}
