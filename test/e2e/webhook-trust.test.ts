import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitFor, waitForEnd, type GenerationState } from '../support/generations.js';
import { eventually } from '../support/eventually.js';

let darkroom: Darkroom;
let profileId = '';
/** Between the sandbox and Darkroom, whose port is not known before it starts. */
let middle: Server;
let swallows = false;

beforeAll(async () => {
  middle = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (swallows) return void response.end();
      const { 'x-bfl-signature': signature } = request.headers;
      const headers = typeof signature === 'string' ? { 'x-bfl-signature': signature } : undefined;
      fetch(`${darkroom.url}${request.url ?? ''}`, {
        method: 'POST',
        body: Buffer.concat(chunks),
        ...(headers && { headers }),
      })
        .then((answer) => response.writeHead(answer.status).end())
        .catch(() => response.writeHead(502).end());
    });
  });
  middle.listen(0, '127.0.0.1');
  await once(middle, 'listening');
  const address = middle.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  darkroom = await startDarkroom({
    environment: { BFL_WEBHOOKS: 'true', WEBHOOK_URL: `http://127.0.0.1:${port}` },
  });
  profileId = await darkroom.profile();
});

afterAll(async () => {
  await darkroom.stop();
  middle.closeAllConnections();
  middle.close();
});

async function run(prompts: readonly string[]): Promise<GenerationState[]> {
  const ids = await Promise.all(
    prompts.map(
      async (prompt) =>
        await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt, width: 256, height: 256 }),
    ),
  );
  for (const id of ids) await waitForEnd(darkroom.api, id);
  return await Promise.all(ids.map(async (id) => await waitFor(darkroom.api, id, () => true)));
}

const looksOf = (states: readonly GenerationState[]): number[] => states.map(({ attempts }) => attempts[0]?.looks ?? 0);
const named = (count: number, name: string, words = 'duration=200s'): string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n} [sandbox: ${words}]`);

it('holds looks back while webhooks prove reliable, and goes back to looking when they stop', async () => {
  const first = await run([
    ...named(14, 'plain'),
    ...named(4, 'double', 'duration=200s, webhook-doubled'),
    ...named(4, 'forged', 'duration=200s, webhook-forged'),
  ]);
  // Nothing is known of them yet: tasks are looked at all along.
  expect(Math.max(...looksOf(first))).toBeGreaterThan(1);
  // The webhooks of the last ones may still be on their way.
  await eventually(async () => expect(await darkroom.sql('select from webhook_hint')).toEqual([]));

  const trusted = await run(named(12, 'trusted'));
  expect(trusted.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
  expect(looksOf(trusted)).toEqual(looksOf(trusted).map(() => 1));
  // One that lies about the end costs its look, and no more.
  const [early] = await run(named(1, 'early', 'duration=200s, webhook-early'));
  expect(early).toMatchObject({ status: 'SUCCEEDED', attempts: [{ looks: 2 }] });

  swallows = true;
  const startedAt = performance.now();
  const missed = await run(named(2, 'missed'));
  expect(missed.every(({ status }) => status === 'SUCCEEDED')).toBe(true);
  // So long they were held back, and found by a look all the same.
  expect(performance.now() - startedAt).toBeGreaterThan(4_500);
  await vi.waitFor(
    async () => {
      const [last] = await run(['again [sandbox: duration=200s]']);
      expect(last?.attempts[0]?.looks).toBeGreaterThan(1);
    },
    { timeout: 30_000 },
  );
}, 60_000);
