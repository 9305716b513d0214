// Requests that no client of good will sends.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});

afterAll(async () => {
  await darkroom.stop();
});

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(darkroom.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Writes these bytes and gives the first line of the answer. */
async function firstLine(...lines: string[]): Promise<string> {
  const socket = await open();
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [chunk] = await once(socket.setEncoding('utf8'), 'data');
  socket.destroy();
  return String(chunk).split('\r\n', 1)[0] ?? '';
}

it.each(['//', '/\\', '/graphql/other', '/%', 'http://[', '/graphqlx'])(
  'survives a WebSocket upgrade at %s',
  async (path) => {
    const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    expect(await firstLine(`GET ${path} HTTP/1.1`, 'Host: x', ...upgrade, key)).toMatch(/^HTTP\/1\.1 40[04] /);
    expect((await darkroom.api.fetch('/healthz')).status).toBe(200);
  },
);

it.each(['Bearer dk_made-up', 'Basic eDp5'])(
  'refuses a large body with %s before it is sent',
  async (authorization) => {
    const line = await firstLine(
      'POST /graphql HTTP/1.1',
      'Host: x',
      'Content-Type: application/json',
      `Content-Length: ${40 * 1024 * 1024}`,
      `Authorization: ${authorization}`,
    );
    expect(line).toBe('HTTP/1.1 401 Unauthorized');
  },
);

it('refuses introspection that is asked many times over', async () => {
  const many = Array.from({ length: 60 }, (_, n) => `a${n}: __schema { types { fields { name } } }`).join(' ');
  const answer = await darkroom.as(null).send(`{ ${many} }`);
  expect(answer.errors.map((error) => error.extensions.code)).toEqual(['QUERY_TOO_COMPLEX']);
});

it('counts a preview of edges as the work it is', async () => {
  const preview = 'cannyPreview(image: { imageId: "img_x" }) { edgeShare }';
  const many = Array.from({ length: 11 }, (_, n) => `a${n}: ${preview}`).join(' ');
  const answer = await darkroom.api.send(`{ ${many} }`);
  expect(answer.errors.map((error) => error.extensions.code)).toEqual(['QUERY_TOO_COMPLEX']);
});
