// The subscribers of fanout.ts: 100 on a socket, each for one profile.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { publicId } from '../src/domain/ids.js';
import type { Moment, ReaderOrder } from './fanout.ts';

const perSocket = 100;
const quietMs = 5_000;

type Pushed = { generationEvents: { __typename: string; generationId: string; version: number } };

const order = JSON.parse(process.argv[2] ?? '') as ReaderOrder;
const query = `subscription ($filter: GenerationEventFilter) {
  generationEvents(filter: $filter) {
    __typename
    ... on EventsSnapshot { cursor running { id } }
    ... on GenerationEvent {
      cursor position version status previousStatus attempt code at generationId
      ${order.generation ? 'generation { id status prompt images { url } }' : ''}
    }
  }
}`;
const received: Moment[] = [];
let lastAt = performance.now();

function fail(error: unknown): void {
  console.error('A subscription ended:', error);
  process.exit(1);
}

async function subscribeAll(): Promise<void> {
  const filters = order.profiles.flatMap((id) =>
    Array.from({ length: order.perProfile }, () => ({ profileId: publicId('FinetuneProfile', id) })),
  );
  for (let from = 0; from < filters.length; from += perSocket) {
    const client = createClient({
      url: `${order.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${order.apiKey}` },
      retryAttempts: 0,
    });
    await Promise.all(
      filters.slice(from, from + perSocket).map(
        async (filter) =>
          await new Promise<void>((listening) => {
            client.subscribe<Pushed>(
              { query, variables: { filter } },
              {
                next({ data }) {
                  const at = performance.timeOrigin + performance.now();
                  const message = data?.generationEvents;
                  if (message?.__typename === 'EventsSnapshot') return listening();
                  if (message?.__typename !== 'GenerationEvent') return fail(message);
                  lastAt = performance.now();
                  received.push([`${message.generationId}/${message.version}`, at]);
                },
                error: fail,
                complete: () => fail('complete'),
              },
            );
          }),
      ),
    );
  }
}

process.on('message', ({ expect }: { expect: number }) => {
  const timer = setInterval(() => {
    if (received.length < expect && performance.now() - lastAt < quietMs) return;
    clearInterval(timer);
    process.send?.({ what: 'received', value: received });
  }, 100);
});

await subscribeAll();
process.send?.({ what: 'ready', value: null });
