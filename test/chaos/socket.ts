import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Connection, Opening } from './connection.js';

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('connection_ack') }),
  z.object({ type: z.literal('ping') }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('next'), payload: z.unknown() }),
  z.object({ type: z.literal('error'), payload: z.unknown() }),
  z.object({ type: z.literal('complete') }),
]);

const handshakeTimeout = 5_000;

/** graphql-transport-ws, spoken by hand: what is cut here is cut in the middle, with nothing tidied up. */
export function openSocket({ url, authorization, subscribe, onReady, onNext, onRefused }: Opening): Connection {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws', { handshakeTimeout });
  const send = (message: unknown): void => socket.send(JSON.stringify(message));

  socket.on('open', () => send({ type: 'connection_init', payload: { authorization } }));
  socket.on('message', (data: Buffer) => {
    const message = messageSchema.parse(JSON.parse(data.toString()));
    if (message.type === 'ping') send({ type: 'pong' });
    if (message.type === 'connection_ack') {
      onReady?.();
      if (subscribe !== null) send({ id: '1', type: 'subscribe', payload: subscribe });
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
