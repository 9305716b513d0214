import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { key } from './comfyui.js';

export type Connection = {
  request: IncomingMessage;
  socket: WebSocket;
  /** Resolves when the client has gone. */
  gone: Promise<unknown>;
};

/** A server that says of every task that it runs, and speaks over real WebSockets. */
export type EventServer = {
  origin: string;
  /** Every connection there was. */
  connections: Connection[];
  /** Handshakes that were answered with an error. */
  refusals: number;
  /** While true, handshakes are answered with an error. */
  refuse: boolean;
  next: () => Promise<Connection>;
  /** To whoever is connected, as one text frame, or as it is. */
  tell: (message: object | string | Buffer) => void;
  event: (type: string, data?: object) => void;
};

export async function startEvents(): Promise<EventServer> {
  const http = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id: key, status: 'in_progress' }));
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  let waiting: ((connection: Connection) => void)[] = [];
  const server: EventServer = {
    origin: '',
    connections: [],
    refusals: 0,
    refuse: false,
    next() {
      const { promise, resolve } = Promise.withResolvers<Connection>();
      waiting.push(resolve);
      return promise;
    },
    tell(message) {
      const plain = typeof message === 'string' || Buffer.isBuffer(message);
      for (const { socket } of server.connections) socket.send(plain ? message : JSON.stringify(message));
    },
    event: (type, data = {}) => server.tell({ type, data: { prompt_id: key, ...data } }),
  };
  http.on('upgrade', (request, stream, head) => {
    if (server.refuse) {
      server.refusals += 1;
      stream.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const connection = { request, socket, gone: once(socket, 'close') };
      server.connections.push(connection);
      const told = waiting;
      waiting = [];
      for (const tell of told) tell(connection);
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  server.origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
  });
  return server;
}
