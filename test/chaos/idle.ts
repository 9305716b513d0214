import { sleep } from '../../src/time.js';
import { openSocket, type Socket } from './socket.js';

/** Connections that do nothing but exist, and come back whenever they are cut. */
export type IdleSockets = { open(): number; stop(): Promise<void> };

export function startIdleSockets(options: {
  count: number;
  urls: readonly string[];
  authorization: string;
}): IdleSockets {
  const { count, urls, authorization } = options;
  const stopping = new AbortController();
  const sockets = new Set<Socket>();
  let open = 0;

  async function keep(url: string): Promise<void> {
    while (!stopping.signal.aborted) {
      let ready = false;
      const onReady = (): void => {
        ready = true;
        open += 1;
      };
      const socket = openSocket({ url, authorization, onReady });
      sockets.add(socket);
      await socket.over;
      sockets.delete(socket);
      if (ready) open -= 1;
      await sleep(1_000, stopping.signal);
    }
  }

  const all = Array.from({ length: count }, async (_, n) => await keep(urls[n % urls.length] ?? ''));
  return {
    open: () => open,
    async stop() {
      stopping.abort();
      for (const socket of sockets) socket.cut();
      await Promise.all(all);
    },
  };
}
