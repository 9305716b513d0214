import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { followGenerations } from '../../src/client/follow-generations.js';
import { publicId } from '../../src/domain/ids.js';
import { openInstances, type Instance, type Instances } from '../support/instances.js';

let instances: Instances;
let instance: Instance;

beforeAll(async () => {
  instances = await openInstances();
  instance = await instances.start();
});

afterAll(async () => await instances.stop());

vi.setConfig({ testTimeout: 60_000 });
const soon = { timeout: 20_000, interval: 20 };

const messageSchema = z.object({
  data: z.object({
    generationEvents: z.object({
      __typename: z.string(),
      cursor: z.string().optional(),
      version: z.number().optional(),
      reason: z.string().optional(),
      resumeAfter: z.string().nullish(),
    }),
  }),
});
type Message = z.infer<typeof messageSchema>['data']['generationEvents'];

// Messages of 10 kB, so that the kernel's buffers are soon full.
const query = `subscription ($after: String) {
  generationEvents(after: $after) {
    __typename
    ... on EventsSnapshot { cursor }
    ... on GenerationEvent { cursor version generation { prompt } }
    ... on EventsEnd { reason resumeAfter }
  }
}`;

/** One subscription that reads when it is told to. */
type Reader = {
  messages: Message[];
  /** Reads no more, then reads on. */
  pause(): void;
  resume(): void;
  completed(): boolean;
  leave(): void;
};

async function openSocket(after: string | null): Promise<Reader> {
  const socket = new WebSocket(`${instance.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const messages: Message[] = [];
  let completed = false;
  socket.on('message', (data: Buffer) => {
    const { type, payload } = z
      .object({ type: z.string(), payload: z.unknown().optional() })
      .parse(JSON.parse(data.toString()));
    if (type === 'next') messages.push(messageSchema.parse(payload).data.generationEvents);
    if (type === 'complete') completed = true;
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${instances.apiKey}` } }));
  await once(socket, 'message');
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { after } } }));
  return {
    messages,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    completed: () => completed,
    leave: () => socket.terminate(),
  };
}

async function openStream(after: string | null): Promise<Reader> {
  const asking = request(`${instance.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${instances.apiKey}` },
  });
  asking.end(JSON.stringify({ query, variables: { after } }));
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    asking.on('response', resolve).on('error', reject),
  );
  const messages: Message[] = [];
  let completed = false;
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^event: next\ndata: (.*)$/.exec(block)?.[1];
      if (data !== undefined) messages.push(messageSchema.parse(JSON.parse(data)).data.generationEvents);
      if (block.startsWith('event: complete')) completed = true;
    }
  });
  response.on('error', () => undefined);
  return {
    messages,
    pause: () => response.pause(),
    resume: () => response.resume(),
    completed: () => completed,
    leave: () => asking.destroy(),
  };
}

/** Events of one generation, as if it changed that often. */
async function happen(generationId: string, from: number, to: number): Promise<void> {
  await instances.bench.sql(
    `insert into generation_event (generation_id, n, project_id, status, control, provider)
     select $1::uuid, n, $2::uuid, 'RUNNING', 'NONE', 'bfl' from generate_series($3::integer, $4::integer) n`,
    generationId,
    instances.projectId,
    from,
    to,
  );
}

it.each([
  ['WebSocket', openSocket],
  ['server-sent events', openStream],
] as const)('a reader that is too slow over %s is told where to go on, and misses nothing', async (_, open) => {
  const [id = ''] = await instances.bench.accept(1, {
    projectId: instances.projectId,
    prompt: 'x'.repeat(10_000),
  });
  await instances.numbered();
  const control = new AbortController();
  let heard = 0;
  const quick = (async () => {
    const { url } = instance;
    for await (const message of followGenerations({
      url,
      apiKey: instances.apiKey,
      transport: 'sse',
      signal: control.signal,
    })) {
      if (message.kind === 'event' && message.event.generationId === publicId('Generation', id)) heard += 1;
      else if (message.kind === 'snapshot') heard = 0;
    }
  })();
  const slow = await open(null);
  await vi.waitFor(() => expect(slow.messages).toHaveLength(1), soon);
  slow.pause();
  // In steps that a quick reader keeps up with: so it is known when all of them were handed out.
  const last = 4_001;
  for (let from = 2; from <= last; from += 400) {
    await happen(id, from, from + 399);
    await vi.waitFor(() => expect(heard).toBe(from + 398), soon);
  }
  slow.resume();
  await vi.waitFor(() => expect(slow.completed()).toBe(true), soon);
  const end = slow.messages.at(-1);
  expect(end).toMatchObject({ reason: 'TOO_SLOW', resumeAfter: slow.messages.at(-2)?.cursor });
  slow.leave();

  const again = await open(end?.resumeAfter ?? null);
  const versions = (): (number | undefined)[] =>
    [...slow.messages.slice(1, -1), ...again.messages].map(({ version }) => version);
  await vi.waitFor(() => expect(versions()).toHaveLength(last - 1), soon);
  expect(versions()).toEqual(Array.from({ length: last - 1 }, (_each, n) => n + 2));
  // It was slow indeed: some was read, and much was not.
  expect(slow.messages.length).toBeLessThan(last - 1_000);
  again.leave();
  control.abort();
  await quick;
});
