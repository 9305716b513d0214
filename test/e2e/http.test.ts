import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom({ environment: { CORS_ORIGINS: 'https://studio.example, http://localhost:5173' } });
});

afterAll(async () => {
  await darkroom.stop();
});

async function preflight(origin: string, path: string): Promise<Response> {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };
  return await fetch(`${darkroom.url}${path}`, { method: 'OPTIONS', headers });
}

it.each(['/graphql', '/images'])('lets pages of the listed origins use %s', async (path) => {
  for (const origin of ['https://studio.example', 'http://localhost:5173']) {
    const response = await preflight(origin, path);
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  }
});

it.each(['https://evil.example', 'https://studio.example.evil.example', 'http://studio.example', 'null'])(
  'lets pages of %s use nothing',
  async (origin) => {
    for (const path of ['/graphql', '/images']) {
      expect((await preflight(origin, path)).headers.get('access-control-allow-origin')).toBeNull();
    }
    const init = {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: '{"query":"{__typename}"}',
    };
    expect((await darkroom.api.fetch('/graphql', init)).headers.get('access-control-allow-origin')).toBeNull();
  },
);

it('names every answer by an id of its own', async () => {
  const ids = await Promise.all(
    ['/healthz', '/nowhere', '/graphql'].map(async (path) =>
      (await fetch(`${darkroom.url}${path}`)).headers.get('x-request-id'),
    ),
  );
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-/);
});

it('says in the words of a problem that an address is nothing', async () => {
  const response = await fetch(`${darkroom.url}/nowhere`);
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'NOT_FOUND', status: 404 });
});

it('says that it lives, and whether it can work', async () => {
  const [alive, ready] = await Promise.all([fetch(`${darkroom.url}/healthz`), fetch(`${darkroom.url}/readyz`)]);
  expect([alive.status, await alive.json()]).toEqual([200, { status: 'ok' }]);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'ok', checks: { database: 'ok', imageStore: 'ok', partitions: 'ok' } },
  ]);
});

it('is not ready when next month has no place for its rows', async () => {
  const next = new Date();
  next.setUTCMonth(next.getUTCMonth() + 1, 1);
  const month = `y${next.getUTCFullYear()}m${String(next.getUTCMonth() + 1).padStart(2, '0')}`;
  await darkroom.sql(`alter table generation_event detach partition generation_event_${month}`);
  // An answer is given again for a moment, so that many who ask cost no more than one.
  await expect.poll(async () => (await fetch(`${darkroom.url}/readyz`)).status, { timeout: 10_000 }).toBe(503);
  expect(await (await fetch(`${darkroom.url}/readyz`)).json()).toEqual({
    status: 'unavailable',
    checks: { database: 'ok', imageStore: 'ok', partitions: 'failed (Error)' },
  });
  expect((await fetch(`${darkroom.url}/healthz`)).status).toBe(200);
});
