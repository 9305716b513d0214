import { sleep } from '../../src/time.js';
import type { Connection } from './connection.js';
import { openSocket } from './socket.js';

/** Of no generation, so it waits for ever. */
const subscribe = {
  query: 'subscription { generationEvents(filter: { provider: ["none"] }) { __typename } }',
  variables: {},
};

/**
 * WebSockets on which nothing happens, and which come back whenever they are cut. Every other one has a subscription; one
 * without is closed by Darkroom after a minute.
 */
export type IdleSockets = { open(): number; stop(): Promise<void> };

export function startIdleSockets(options: {
  count: number;
  urls: readonly string[];
  authorization: string;
}): IdleSockets {
  const { count, urls, authorization } = options;
  const stopping = new AbortController();
  const sockets = new Set<Connection>();
  let open = 0;

  async function keep(n: number): Promise<void> {
    const url = urls[n % urls.length] ?? '';
    while (!stopping.signal.aborted) {
      let ready = false;
      const onReady = (): void => {
        ready = true;
        open += 1;
      };
      const socket = openSocket({ url, authorization, subscribe: n % 4 < 2 ? subscribe : null, onReady });
      sockets.add(socket);
      await socket.over;
      sockets.delete(socket);
      if (ready) open -= 1;
      await sleep(1_000, stopping.signal);
    }
  }

  const all = Array.from({ length: count }, async (_, n) => await keep(n));
  return {
    open: () => open,
    async stop() {
      stopping.abort();
      for (const socket of sockets) socket.cut();
      await Promise.all(all);
    },
  };
}
