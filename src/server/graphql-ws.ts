import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Viewer } from '../domain/ports.js';
import { asError, DarkroomError } from '../errors.js';
import { sleep } from '../time.js';
import { asGraphQLError, streamTimings, type Operation, type StreamDoorOptions } from './operation.js';
import { presentError } from './present-error.js';
import { createSubscribe } from './shared-execution.js';
import { openChannel, type Channel } from './socket-channel.js';

/** Bytes of one message: documents and variables; images go to POST /images. */
const maxMessageBytes = 1024 * 1024;
/** Operations at once on one connection. */
const maxOperations = 100;
/** At a stop, a client that does not answer the closing is cut off after so long. */
const closeWithinMs = 1_000;

/** Codes with which a connection is closed beside those of the protocol. Clients connect again after each of them. */
const closeCodes = {
  /** This process stops. */
  stopping: 1001,
  /** The API key has too many connections open, or could not be checked. */
  later: 1013,
  /** No operation for too long. */
  idle: 4408,
} as const;

export type SocketDoor = {
  /** Lets operations that were told to end do so, then closes every connection. Takes a few seconds at most. */
  close(): Promise<void>;
};

/** What is known of one connection. */
type Peer = {
  channel: Channel;
  viewer: Viewer | null;
  leave: () => void;
  /** When an operation last began or ended. */
  activeAt: number;
  operations: () => number;
};

/** GraphQL over WebSocket (graphql-transport-ws) at `path`, with the same guard and masking as at the other doors. */
export function openSocketDoor(options: StreamDoorOptions & { server: Server; path: string }): SocketDoor {
  const { server, path, operations, authenticate, createContext, admit, logger } = options;
  const { pingMs, idleMs, drainMs } = { ...streamTimings, ...options.timings };
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, handleProtocols });
  const peers = new Map<WebSocket, Peer>();

  /** Null: nobody we know. `fault`: that could not be found out. */
  async function viewerOf(params: Readonly<Record<string, unknown>>): Promise<Viewer | null | 'fault'> {
    const given = params['authorization'] ?? params['Authorization'];
    try {
      return await authenticate(typeof given === 'string' ? given : undefined);
    } catch (error) {
      if (error instanceof DarkroomError && error.code !== 'INTERNAL') return null;
      logger.error({ err: asError(error) }, 'A key could not be checked');
      return 'fault';
    }
  }

  const subscribe = createSubscribe();
  const protocol = makeServer<Record<string, unknown>, { socket: WebSocket; peer: Peer }>({
    subscribe: async (args) => await subscribe(operationOf(args)),
    async onConnect(connection) {
      const { socket, peer } = connection.extra;
      const viewer = await viewerOf(connection.connectionParams ?? {});
      if (viewer === null || socket.readyState !== socket.OPEN) return false;
      const leave = viewer === 'fault' ? null : admit(viewer.keyId);
      if (viewer === 'fault' || leave === null) {
        const reason = viewer === 'fault' ? 'The key could not be checked' : 'Too many connections with this API key';
        socket.close(closeCodes.later, reason);
        return false;
      }
      peer.viewer = viewer;
      peer.leave = leave;
      peer.operations = () => Object.keys(connection.subscriptions).length;
      return true;
    },
    async onSubscribe({ extra: { peer } }, _id, payload) {
      peer.activeAt = performance.now();
      if (peer.operations() > maxOperations) {
        const message = `One connection may have at most ${maxOperations} operations at once.`;
        return [asGraphQLError(new DarkroomError('BAD_REQUEST', message))];
      }
      await peer.channel.room();
      const opened = operations.open(payload, createContext(peer.viewer));
      return 'document' in opened ? opened : [...opened];
    },
    onNext: (_connection, _id, _payload, args, result) =>
      operations.show(result, operationOf(args).contextValue.requestId),
    onComplete({ extra: { peer } }) {
      peer.activeAt = performance.now();
    },
    onError(_connection, _id, _payload, errors) {
      const { requestId } = createContext(null);
      return errors.map((error) => presentError(error, requestId, logger));
    },
  });

  function welcome(socket: WebSocket, wire: Duplex): void {
    const peer: Peer = {
      channel: openChannel(socket, wire, pingMs),
      viewer: null,
      leave: () => undefined,
      activeAt: performance.now(),
      operations: () => 0,
    };
    peers.set(socket, peer);
    socket.on('error', (error) => logger.debug({ err: asError(error) }, 'A WebSocket failed'));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => peer.channel.send(text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) =>
          socket.on('message', (data: Buffer) => {
            take(data.toString()).catch((error: unknown) => {
              logger.error({ err: asError(error) }, 'A message over WebSocket failed');
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          }),
      },
      { socket, peer },
    );
    socket.on('close', (code, reason) => {
      peer.leave();
      peers.delete(socket);
      closed(code, reason.toString()).catch((error: unknown) => {
        logger.error({ err: asError(error) }, 'A WebSocket could not be closed in order');
      });
    });
  }

  const sweep = setInterval(() => {
    const since = performance.now() - idleMs;
    for (const [socket, peer] of peers) {
      if (peer.operations() === 0 && peer.activeAt < since) {
        socket.close(closeCodes.idle, `Idle: no operation for ${idleMs / 1_000} s`);
      }
    }
  }, idleMs / 4);

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket without a listener for its errors would end the process when the client goes away.
    socket.on('error', (error) => logger.debug({ err: asError(error) }, 'A socket failed'));
    // Compared as text: an address from outside need not be one that can be parsed.
    const asked = (request.url ?? '').split('?', 1)[0]?.replace(/\/$/, '');
    if (asked !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => welcome(client, socket));
  }
  server.on('upgrade', upgrade);

  return {
    async close() {
      server.off('upgrade', upgrade);
      clearInterval(sweep);
      const until = performance.now() + drainMs;
      const busy = (): boolean => [...peers.values()].some((peer) => peer.operations() > 0);
      while (busy() && performance.now() < until) await sleep(10);
      for (const socket of peers.keys()) socket.close(closeCodes.stopping, 'Going away');
      const cut = setTimeout(() => {
        for (const socket of peers.keys()) socket.terminate();
      }, closeWithinMs);
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
      clearTimeout(cut);
    },
  };
}

/** What `onSubscribe` gave is what comes back. */
function operationOf(args: ExecutionArgs): Operation {
  return args as Operation;
}
