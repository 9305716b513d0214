import { endpointUrl } from '../hosts.js';
import type { ProviderAccount } from '../provider.js';
import { authHeaders } from './ask.js';
import { readEvent } from './events.js';
import { openSocket, type OpenSocket } from './socket.js';

/** How the socket is kept, in ms. */
export type WatcherTimes = {
  connectMs: number;
  /** The first pause before it is dialled again; each further one is twice as long, up to `retryAtMostMs`. */
  retryMs: number;
  retryAtMostMs: number;
  /** So long it stays open when nobody listens. */
  lingerMs: number;
};

export const watcherTimes: WatcherTimes = {
  connectMs: 10_000,
  retryMs: 1_000,
  retryAtMostMs: 60_000,
  lingerMs: 30_000,
};

/** A connection that lasted so long was a good one: the next pause is a short one again. */
const goodForMs = 10_000;

/**
 * What one server tells by itself of the tasks that are watched. Its socket is
 * - closed: nobody listens;
 * - dialling or open: somebody does, or did a moment ago;
 * - waiting: it failed, and is dialled again after a pause, as long as somebody listens.
 * Nothing depends on it: whoever watches looks by himself as well. Since a server tells nothing twice, all are woken
 * whenever it opens.
 */
export type Watcher = {
  listen(taskId: string, wake: () => void): () => void;
  /** 0 to 1; null while nothing is known. */
  progressOf(taskId: string): number | null;
  close(): void;
};

type Watched = { wakes: Set<() => void>; steps: number; fraction: number | null };

export function createWatcher(account: ProviderAccount, clientId: string, times: WatcherTimes): Watcher {
  const watched = new Map<string, Watched>();
  let socket: OpenSocket | null = null;
  let openedAt: number | null = null;
  let failures = 0;
  let dialAgainAt = 0;
  /** Of the next dialling while there is no socket, of its end while nobody listens. */
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function setTimer(run: (() => void) | null, ms = 0): void {
    if (timer !== null) clearTimeout(timer);
    timer = run === null ? null : setTimeout(run, ms);
  }

  function dial(): void {
    setTimer(null);
    const url = endpointUrl(account, `/ws?clientId=${encodeURIComponent(clientId)}`);
    if (url === null || socket !== null) return;
    openedAt = null;
    socket = openSocket({
      url,
      headers: authHeaders(account),
      connectMs: times.connectMs,
      onOpen() {
        openedAt = performance.now();
        for (const { wakes } of watched.values()) for (const wake of wakes) wake();
      },
      onMessage: hear,
      onEnd() {
        socket = null;
        const now = performance.now();
        failures = openedAt !== null && now - openedAt > goodForMs ? 0 : failures + 1;
        dialAgainAt = now + Math.min(times.retryMs * 2 ** Math.min(Math.max(failures - 1, 0), 20), times.retryAtMostMs);
        setTimer(watched.size === 0 ? null : dial, dialAgainAt - now);
      },
    });
  }

  function hear(message: unknown): void {
    const event = readEvent(message);
    const task = event === null ? undefined : watched.get(event.taskId);
    if (event === null || task === undefined) return;
    if (event.kind === 'over') {
      for (const wake of task.wakes) wake();
    } else if (event.steps >= task.steps) {
      task.steps = event.steps;
      task.fraction = event.fraction;
    }
  }

  function hangUp(): void {
    setTimer(null);
    socket?.end();
    socket = null;
  }

  return {
    listen(taskId, wake) {
      if (closed) return () => undefined;
      const task = watched.get(taskId) ?? { wakes: new Set(), steps: 0, fraction: null };
      watched.set(taskId, task);
      task.wakes.add(wake);
      if (socket !== null) setTimer(null);
      // While it waits to be dialled again a newcomer changes nothing.
      else if (timer === null) setTimer(dial, Math.max(0, dialAgainAt - performance.now()));
      return () => {
        task.wakes.delete(wake);
        if (task.wakes.size > 0 || watched.get(taskId) !== task) return;
        watched.delete(taskId);
        if (watched.size === 0) setTimer(socket === null ? null : hangUp, times.lingerMs);
      };
    },
    progressOf: (taskId) => watched.get(taskId)?.fraction ?? null,
    close() {
      closed = true;
      hangUp();
      watched.clear();
    },
  };
}
