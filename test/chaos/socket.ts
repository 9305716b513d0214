import { WebSocket } from 'ws';
import { z } from 'zod';

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('connection_ack') }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('next'), payload: z.unknown() }),
  z.object({ type: z.literal('error'), payload: z.unknown() }),
  z.object({ type: z.literal('complete') }),
]);

/** graphql-transport-ws, spoken by hand: what is cut here is cut in the middle, with nothing tidied up. */
export type Socket = {
  /** Cuts the connection without a word. */
  cut(): void;
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
};

const handshakeTimeout = 5_000;

/** Connects and, when a document is given, subscribes. `onNext` gets each payload as it comes. */
export function openSocket(options: {
  url: string;
  authorization: string;
  subscribe?: { query: string; variables: Record<string, unknown> };
  onReady?: () => void;
  onNext?: (payload: unknown) => void;
  onRefused?: (payload: unknown) => void;
}): Socket {
  const { url, authorization, subscribe, onReady, onNext, onRefused } = options;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws', { handshakeTimeout });
  const send = (message: unknown): void => socket.send(JSON.stringify(message));

  socket.on('open', () => send({ type: 'connection_init', payload: { authorization } }));
  socket.on('message', (data: Buffer) => {
    const message = messageSchema.parse(JSON.parse(data.toString()));
    if (message.type === 'ping') send({ type: 'pong' });
    if (message.type === 'connection_ack') {
      onReady?.();
      if (subscribe !== undefined) send({ id: '1', type: 'subscribe', payload: subscribe });
    }
    if (message.type === 'next') onNext?.(message.payload);
    if (message.type === 'error') {
      onRefused?.(message.payload);
      socket.terminate();
    }
    if (message.type === 'complete') socket.close(1000);
  });
  // What went wrong does not matter here: it is over, and is opened again.
  socket.on('error', () => undefined);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { over, cut: () => socket.terminate() };
}
