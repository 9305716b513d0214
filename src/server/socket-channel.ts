import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { sleep } from '../time.js';

/** Bytes that may wait for a client to read them; above, it gets nothing more and nothing of it is read. */
const highBytes = 1024 * 1024;
const lowBytes = highBytes / 2;
/** `ws` does not tell when a socket has room again, so it is looked at so often while it has none. */
const lookEveryMs = 25;

/** What goes out on one socket. Bounds what a client that does not read makes us keep for it. */
export type Channel = {
  /** Sends; when that was too much for now, resolves when there is room again, for one sender after the other. */
  send(text: string): Promise<void> | undefined;
  /** Resolves when there is room; undefined when there is room now. */
  room(): Promise<void> | undefined;
};

/**
 * Messages of one turn of the event loop go out together, which costs the kernel far less. While too much waits to be read,
 * the client's own messages are not read either, for each would have an answer. A client that does not answer a ping until
 * the next one is due is cut off; so is one that never reads, for it cannot answer.
 */
export function openChannel(socket: WebSocket, wire: Duplex, pingMs: number): Channel {
  let queue: Promise<void> | null = null;
  let corked = false;
  let answered = true;

  const isFull = (bytes: number): boolean => socket.readyState === socket.OPEN && socket.bufferedAmount > bytes;

  async function drained(): Promise<void> {
    while (isFull(lowBytes)) await sleep(lookEveryMs);
  }

  function room(): Promise<void> | undefined {
    if (queue === null && !isFull(highBytes)) return undefined;
    const turn = (queue ?? Promise.resolve()).then(drained);
    queue = turn;
    void turn.then(() => {
      if (queue === turn) queue = null;
    });
    return turn;
  }

  function cork(): void {
    if (corked) return;
    corked = true;
    wire.cork();
    setImmediate(() => {
      corked = false;
      wire.uncork();
    });
  }

  const pings = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, pingMs);
  socket.on('pong', () => (answered = true));
  socket.on('close', () => clearInterval(pings));
  socket.on('message', () => {
    if (!isFull(highBytes) || socket.isPaused) return;
    socket.pause();
    void drained().then(() => socket.resume());
  });

  return {
    room,
    send(text) {
      if (socket.readyState !== socket.OPEN) return undefined;
      cork();
      // What cannot be written shows as the socket's error.
      socket.send(text, () => undefined);
      return room();
    },
  };
}
