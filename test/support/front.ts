import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How submits are answered instead of by the sandbox; `cut`: not at all. */
export type Fault = { status: number; detail: unknown } | 'cut';

/** A proxy in front of the sandbox that can be made to fail: submits by what is set, everything else as it is. */
export type Front = {
  url: string;
  /** Null: all is well. */
  fault: Fault | null;
  /** Whether the call that costs nothing fails with the submits. */
  probesFail: boolean;
  /** The submits that came. */
  submits: number;
  /** Nobody listens any more, until it is back on the same port. */
  away(): Promise<void>;
  back(): Promise<void>;
  stop(): Promise<void>;
};

export async function startFront(upstream: () => string): Promise<Front> {
  const server = createServer((request, response) => {
    answer(front, upstream(), request, response).catch(() => response.destroy());
  });
  const listen = async (at: number): Promise<void> =>
    await new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await listen(0);
  // An address of this kind is given for every server that listens on a port.
  const { port } = server.address() as AddressInfo;
  const front: Front = {
    url: `http://127.0.0.1:${port}`,
    fault: null,
    probesFail: false,
    submits: 0,
    away: stop,
    back: async () => await listen(port),
    stop,
  };
  return front;
}

async function answer(
  front: Front,
  upstream: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { url = '/', method = 'GET', headers } = request;
  const submit = method === 'POST';
  if (submit) front.submits += 1;
  const { fault } = front;
  if (fault !== null && (submit || (front.probesFail && url === '/v1/credits'))) {
    if (fault === 'cut') return void response.destroy();
    response.writeHead(fault.status, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify({ detail: fault.detail }));
  }
  // Without an agent nothing is kept open.
  const { host: _host, connection: _connection, ...rest } = headers;
  const onward = ask(`${upstream}${url}`, { method, headers: rest, agent: false }, (answered) => {
    const pieces: Buffer[] = [];
    answered.on('data', (piece: Buffer) => pieces.push(piece));
    answered.on('end', () => {
      const type = answered.headers['content-type'] ?? '';
      const whole = Buffer.concat(pieces);
      // Addresses of the sandbox's own lead past this proxy, where no key may go.
      const body = type.includes('json') ? whole.toString().replaceAll(upstream, front.url) : whole;
      response.writeHead(answered.statusCode ?? 502, { 'content-type': type });
      response.end(body);
    });
  });
  onward.on('error', () => response.destroy());
  onward.end(Buffer.concat(chunks));
}
