import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { FastifyInstance } from 'fastify';

/**
 * Takes WebSockets on `paths`. `refusal` gives the HTTP status with which one is turned away, or null. Other paths are left
 * to whoever else listens.
 */
export function takeSockets(
  app: FastifyInstance,
  paths: readonly string[],
  refusal: (request: IncomingMessage) => number | null,
  connect: (socket: WebSocket, clientId: string) => void,
): void {
  const server = new WebSocketServer({ noServer: true });

  function turnAway(socket: Duplex, status: number): void {
    socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  app.server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    if (!paths.includes(url.pathname)) {
      if (app.server.listenerCount('upgrade') === 1) turnAway(socket, 404);
      return;
    }
    const status = refusal(request);
    if (status !== null) return turnAway(socket, status);
    server.handleUpgrade(request, socket, head, (accepted) =>
      connect(accepted, url.searchParams.get('clientId') ?? ''),
    );
  });
}
