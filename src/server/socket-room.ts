import type { WebSocket } from 'ws';
import { sleep } from '../time.js';

/** Bytes that may wait for a client to read them; above, it gets nothing more and nothing of it is read. */
const highBytes = 1024 * 1024;
const lowBytes = highBytes / 2;
/** `ws` does not tell when a socket has room again, so it is looked at so often while it has none. */
const lookEveryMs = 25;

/** The room of one socket: bounds what a client that does not read makes us keep for it. */
export type SocketRoom = {
  /** Resolves when there is room, to one caller after the other; null when there is room now. */
  wait(): Promise<void> | null;
};

/**
 * While too much waits to be read, the client's own messages are not read either: each would have an answer. A client
 * that never reads fails to answer a ping and is cut off.
 */
export function createRoom(socket: WebSocket): SocketRoom {
  let queue: Promise<void> | null = null;

  const isFull = (bytes: number): boolean => socket.readyState === socket.OPEN && socket.bufferedAmount > bytes;

  async function drained(): Promise<void> {
    while (isFull(lowBytes)) await sleep(lookEveryMs);
  }

  socket.on('message', () => {
    if (!isFull(highBytes) || socket.isPaused) return;
    socket.pause();
    void drained().then(() => socket.resume());
  });

  return {
    wait() {
      if (queue === null && !isFull(highBytes)) return null;
      const turn = (queue ?? Promise.resolve()).then(drained);
      queue = turn;
      void turn.then(() => {
        if (queue === turn) queue = null;
      });
      return turn;
    },
  };
}
