import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the scripted server does with one request. */
export type Reply =
  /** A whole answer. An object as body is sent as JSON. */
  | { status?: number; headers?: Record<string, string>; body?: string | Buffer | object }
  /** The socket is destroyed before, or after, the request's body was read. */
  | { cut: 'unread' | 'read' }
  /** The head and a part of what it promises, then the socket is destroyed. */
  | { status?: number; truncated: string }
  /** Reads the request and never answers. */
  | { stall: 'head' }
  /** The head and a part of the body, and then nothing. */
  | { stall: 'body'; part: string }
  /** Sends pieces without an announced length until the client hangs up. */
  | { endless: Buffer };

export type SeenRequest = {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The client's port: the same for two requests only over the same connection. */
  clientPort: number;
};

/** A small HTTP server of the tests' own: answers from a queue, and remembers every request. */
export type Upstream = {
  origin: string;
  port: number;
  requests: SeenRequest[];
  /** Replies not yet used. */
  queue: Reply[];
  /** Resolves with the next request that has been read. */
  nextRequest(): Promise<SeenRequest>;
  close(): Promise<void>;
};

export function startUpstream(...queue: Reply[]): Promise<Upstream> {
  return start(null, queue);
}

/** The same over https. */
export function startHttpsUpstream(identity: { key: string; cert: string }, ...queue: Reply[]): Promise<Upstream> {
  return start(identity, queue);
}

async function start(identity: { key: string; cert: string } | null, queue: Reply[]): Promise<Upstream> {
  const requests: SeenRequest[] = [];
  let waiting: ((request: SeenRequest) => void)[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = queue.shift() ?? { status: 599, body: 'nothing scripted' };
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: '',
      clientPort: request.socket.remotePort ?? 0,
    };
    requests.push(seen);
    if ('cut' in reply && reply.cut === 'unread') {
      request.socket.destroy();
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    seen.body = Buffer.concat(pieces).toString('utf8');
    const told = waiting;
    waiting = [];
    for (const tell of told) tell(seen);
    play(reply, response);
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => request.socket.destroy());
  };
  const server = identity === null ? createServer(listener) : createSecureServer(identity, listener);
  const port = await listen(server);
  return {
    origin: `${identity === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    queue,
    nextRequest() {
      const { promise, resolve } = Promise.withResolvers<SeenRequest>();
      waiting.push(resolve);
      return promise;
    },
    close() {
      server.closeAllConnections();
      return shut(server);
    },
  };
}

function play(reply: Reply, response: ServerResponse): void {
  if ('cut' in reply) {
    response.destroy();
  } else if ('truncated' in reply) {
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      'content-length': String(reply.truncated.length + 10),
    });
    response.write(reply.truncated, () => response.destroy());
  } else if ('stall' in reply) {
    if (reply.stall === 'body') response.write(reply.part);
  } else if ('endless' in reply) {
    const push = () => {
      while (!response.destroyed && response.write(reply.endless));
    };
    response.on('drain', push);
    push();
  } else {
    const { status = 200, headers = {}, body = '' } = reply;
    const json = typeof body === 'object' && !Buffer.isBuffer(body);
    response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/plain', ...headers });
    response.end(json ? JSON.stringify(body) : body);
  }
}

/** Accepts connections, reads what comes and never says a word. */
export async function startMute(): Promise<{ port: number; nextBytes(): Promise<Buffer>; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const first = Promise.withResolvers<Buffer>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('data', (bytes) => first.resolve(bytes));
    socket.on('error', () => undefined);
  });
  const port = await listen(server);
  return {
    port,
    nextBytes: () => first.promise,
    close() {
      for (const socket of sockets) socket.destroy();
      return shut(server);
    },
  };
}

/** A port on which nothing listens. */
export async function findClosedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await shut(server);
  return port;
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  // A server listening on TCP has an AddressInfo; a string or null would be a pipe or no server.
  return (server.address() as AddressInfo).port;
}

async function shut(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
