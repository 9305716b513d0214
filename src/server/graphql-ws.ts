import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Viewer } from '../domain/ports.js';
import { asError, DarkroomError } from '../errors.js';
import { sleep } from '../time.js';
import { asGraphQLError, streamTimings, type Operation, type StreamDoorOptions } from './operation.js';
import { presentError } from './present-error.js';
import { createRoom, type SocketRoom } from './socket-room.js';

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
  room: SocketRoom;
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
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  const peers = new Map<WebSocket, Peer>();

  function peerOf(socket: WebSocket): Peer {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const peer: Peer = {
      room: createRoom(socket),
      viewer: null,
      leave: () => undefined,
      activeAt: performance.now(),
      operations: () => 0,
    };
    peers.set(socket, peer);
    return peer;
  }

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

  const door = useServer(
    {
      // Otherwise a close frame would quote whatever was thrown.
      isProd: true,
      async onConnect(connection) {
        const { socket } = connection.extra;
        const viewer = await viewerOf(connection.connectionParams ?? {});
        const peer = peers.get(socket);
        if (viewer === null || peer === undefined) return false;
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
      async onSubscribe(connection, _id, payload) {
        const peer = peerOf(connection.extra.socket);
        peer.activeAt = performance.now();
        if (peer.operations() > maxOperations) {
          const message = `One connection may have at most ${maxOperations} operations at once.`;
          return [asGraphQLError(new DarkroomError('BAD_REQUEST', message))];
        }
        await peer.room.wait();
        const opened = operations.open(payload, createContext(peer.viewer));
        return 'document' in opened ? opened : [...opened];
      },
      async onNext(connection, _id, _payload, args, result) {
        // The next value of the operation is asked for only when this one was handed to the kernel: one waits at most.
        await peerOf(connection.extra.socket).room.wait();
        return operations.show(result, requestIdOf(args));
      },
      onComplete(connection) {
        peerOf(connection.extra.socket).activeAt = performance.now();
      },
      async onError({ extra: { socket } }, _id, _payload, errors) {
        // A message that could not be written comes here too; a turn later the socket knows that its client is gone.
        await setImmediate();
        if (socket.readyState !== socket.OPEN) return [{ message: 'The connection is closed.' }];
        const { requestId } = createContext(null);
        return errors.map((error) => presentError(error, requestId, logger));
      },
    },
    sockets,
    pingMs,
  );

  sockets.on('connection', (socket) => {
    // graphql-ws would write what a client's frame did wrong to the console, with its stack.
    socket.removeAllListeners('error');
    socket.on('error', (error) => logger.debug({ err: asError(error) }, 'A WebSocket failed'));
    peerOf(socket);
    socket.on('close', () => {
      peers.get(socket)?.leave();
      peers.delete(socket);
    });
  });

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
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  }
  server.on('upgrade', upgrade);

  return {
    async close() {
      server.off('upgrade', upgrade);
      clearInterval(sweep);
      const until = performance.now() + drainMs;
      const busy = (): boolean => [...peers.values()].some((peer) => peer.operations() > 0);
      while (busy() && performance.now() < until) await sleep(10);
      const cut = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, closeWithinMs);
      await door.dispose();
      clearTimeout(cut);
    },
  };
}

function requestIdOf(args: unknown): string {
  // What `onSubscribe` gave is what comes back.
  return (args as Operation).contextValue.requestId;
}
