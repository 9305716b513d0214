import { z } from 'zod';
import { randomFrom } from '../../src/sandbox/random.js';
import { sleep } from '../../src/time.js';
import type { Connection } from './connection.js';
import { openSocket } from './socket.js';
import { openStream } from './stream.js';

const document = `subscription ($after: String) {
  generationEvents(after: $after) {
    __typename
    ... on EventsSnapshot { cursor running { id } }
    ... on GenerationEvent { cursor version status generationId }
    ... on EventsEnd { goOn: resumeAfter reason }
  }
}`;

const faultSchema = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).min(1) });

const payloadSchema = z.object({
  data: z.object({
    generationEvents: z.discriminatedUnion('__typename', [
      z.object({
        __typename: z.literal('EventsSnapshot'),
        cursor: z.string(),
        running: z.array(z.object({ id: z.string() })),
      }),
      z.object({
        __typename: z.literal('GenerationEvent'),
        cursor: z.string(),
        version: z.int(),
        status: z.string(),
        generationId: z.string(),
      }),
      z.object({ __typename: z.literal('EventsEnd'), goOn: z.string().nullable(), reason: z.string() }),
    ]),
  }),
});

/** A client that listens to all events of the project, is cut again and again, and goes on where it was. */
export type Subscriber = {
  readonly name: string;
  /** By generation: the statuses of versions 1, 2, 3, … as they came. */
  seen: ReadonlyMap<string, readonly string[]>;
  /** Events seen. */
  events(): number;
  connections(): number;
  /** Whether it knows where the log stands. */
  heard(): boolean;
  /** How often Darkroom itself ended the stream, by its reason or error code. */
  ends: ReadonlyMap<string, number>;
  /** What came that should not have come. */
  violations: readonly string[];
  stop(): Promise<void>;
};

const most = 20;

/** Each connection is cut after `cutAfterMs`, at the latest; the next goes to any of the `urls`. */
export function startSubscriber(options: {
  name: string;
  urls: readonly string[];
  authorization: string;
  door: 'websocket' | 'stream';
  seed: string;
  cutAfterMs: { least: number; most: number };
}): Subscriber {
  const { name, urls, authorization, door, seed, cutAfterMs } = options;
  const open = door === 'websocket' ? openSocket : openStream;
  const random = randomFrom(seed, name);
  const stopping = new AbortController();
  const seen = new Map<string, string[]>();
  const ends = new Map<string, number>();
  const violations: string[] = [];
  let cursor: string | null = null;
  let events = 0;
  let connections = 0;
  let connection: Connection | null = null;

  function complain(what: string): void {
    if (violations.length < most) violations.push(`${name}: ${what}`);
  }

  function ended(reason: string): void {
    ends.set(reason, (ends.get(reason) ?? 0) + 1);
  }

  /** What is refused for a fault of Darkroom's surroundings is asked again, from the same cursor. */
  function refused(payload: unknown): void {
    const codes = faultSchema.safeParse(Array.isArray(payload) ? { errors: payload } : payload);
    if (codes.success) for (const { extensions } of codes.data.errors) ended(extensions.code);
    else complain(`refused: ${JSON.stringify(payload).slice(0, 500)}`);
  }

  function take(payload: unknown): void {
    if (faultSchema.safeParse(payload).success) return refused(payload);
    const parsed = payloadSchema.safeParse(payload);
    if (!parsed.success) return complain(`a message that was not expected: ${JSON.stringify(payload).slice(0, 500)}`);
    const message = parsed.data.data.generationEvents;
    switch (message.__typename) {
      case 'EventsSnapshot':
        // It began before the first generation, so nothing but the log itself may tell it anything.
        if (cursor !== null) complain('a snapshot although it went on after a cursor');
        else if (message.running.length > 0) complain(`${message.running.length} generations before the first one`);
        cursor = message.cursor;
        break;
      case 'EventsEnd':
        ended(message.reason);
        if (message.reason === 'CURSOR_TOO_OLD') complain('told that its cursor is too old');
        else cursor = message.goOn;
        break;
      case 'GenerationEvent': {
        const { generationId, version, status } = message;
        const statuses = seen.get(generationId) ?? [];
        seen.set(generationId, statuses);
        events += 1;
        cursor = message.cursor;
        if (version === statuses.length + 1) statuses.push(status);
        else complain(`version ${version} of ${generationId} after ${statuses.length} of it: ${statuses.join(' ')}`);
        break;
      }
      default:
        message satisfies never;
    }
  }

  async function listen(): Promise<void> {
    while (!stopping.signal.aborted) {
      const url = urls[Math.floor(random() * urls.length)] ?? '';
      const started = open({
        url,
        authorization,
        subscribe: { query: document, variables: cursor === null ? {} : { after: cursor } },
        onReady: () => (connections += 1),
        onNext: take,
        onRefused: refused,
      });
      connection = started;
      const { least, most: longest } = cutAfterMs;
      const cut = setTimeout(() => started.cut(), least + random() * (longest - least));
      await started.over;
      clearTimeout(cut);
      await sleep(random() * 500, stopping.signal);
    }
  }

  const listening = listen();
  return {
    name,
    seen,
    ends,
    violations,
    events: () => events,
    connections: () => connections,
    heard: () => cursor !== null,
    async stop() {
      stopping.abort();
      connection?.cut();
      await listening;
    },
  };
}
