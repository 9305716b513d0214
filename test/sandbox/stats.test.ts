import { expect, test } from 'vitest';
import { createBoundedList, createBoundedMap } from '../../src/sandbox/bounded.js';
import { createHeap } from '../../src/sandbox/heap.js';
import { randomFrom } from '../../src/sandbox/random.js';
import { maskKey } from '../../src/sandbox/witness.js';
import { plain, startBench } from './harness.js';
import { startReceiver } from './receiver.js';

const key = maskKey('test-key');

test('stats tell what came, how often, and what became of it', async () => {
  const { post, look, get, submit, advance, sandbox, url } = await startBench({ activeLimit: 3 });
  const body = { finetune_id: 'f', prompt: 'one [sandbox: duration=10s]' };
  await post(plain, { ...body, prompt: 'refused [sandbox: 503]' });
  await post(plain, { ...body, prompt: 'refused [sandbox: 503]' });
  await post(plain, body);
  await post(plain, body);
  await post(plain, { ...body, seed: 1 });
  await post(plain, { ...body, prompt: 'too many' });
  await look(sandbox.tasks()[0]?.id ?? '');
  await look('unknown');
  advance(10_000);
  await submit('after');
  await get('/v1/credits');

  const stats = sandbox.stats();
  expect(stats).toMatchObject({
    requests: 10,
    submits: 7,
    tasks: 4,
    looks: 2,
    keys: { [key]: { active: 1, maxActive: 3, limited: 1 } },
    webhooks: { sent: 0, failed: 0, dropped: 0, waiting: 0 },
    duplicates: {
      total: 2,
      newest: [
        {
          prompt: 'refused [sandbox: 503]',
          submits: 2,
          accepted: 0,
          answers: [
            { status: 503, task: null, answered: true },
            { status: 503, task: null, answered: true },
          ],
        },
        { prompt: body.prompt, submits: 2, accepted: 2, answers: [{ status: 200 }, { status: 200 }] },
      ],
    },
    acceptedTwice: { total: 1, newest: [{ prompt: body.prompt, accepted: 2 }] },
    promptsAcceptedTwice: { total: 1, newest: [{ prompt: body.prompt, submits: 3, accepted: 3 }] },
  });
  const ids = sandbox.tasks().map(({ id }) => id);
  expect(stats.acceptedTwice.newest[0]?.answers.map(({ task }) => task)).toEqual(ids.slice(0, 2));
  expect(await (await fetch(`${url}/sandbox/stats`)).json()).toEqual(stats);
});

test('a repeat with another webhook address is the same submit', async () => {
  const { url } = await startReceiver();
  const { post, sandbox } = await startBench();
  const body = { finetune_id: 'f', prompt: 'one' };
  await post(plain, body);
  for (const n of [1, 2]) await post(plain, { ...body, webhook_url: `${url}/${n}`, webhook_secret: `${n}` });
  expect(sandbox.stats().acceptedTwice).toMatchObject({ total: 1, newest: [{ submits: 3, accepted: 3 }] });
});

test('a retry that was refused before counts as accepted once', async () => {
  const { post, sandbox } = await startBench({ activeLimit: 1 });
  const body = { finetune_id: 'f', prompt: 'one' };
  await post(plain, { ...body, prompt: 'first' });
  await post(plain, body);
  expect(sandbox.stats().keys[key]).toEqual({ active: 1, maxActive: 1, limited: 1 });
  expect(sandbox.stats().acceptedTwice.total).toBe(0);
});

test('the log is read in pages', async () => {
  const { look, url } = await startBench({ logLimit: 20 });
  for (let i = 0; i < 25; i++) await look('x');
  const page = async (query: string): Promise<number[]> => {
    const text = await (await fetch(`${url}/sandbox/log${query}`)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Number((JSON.parse(line) as { n: unknown }).n));
  };
  expect(await page('')).toEqual(Array.from({ length: 20 }, (_, i) => i + 6));
  expect(await page('?since=0&limit=2')).toEqual([6, 7]);
  expect(await page('?since=7&limit=3')).toEqual([8, 9, 10]);
  expect(await page('?since=24')).toEqual([25]);
  expect(await page('?since=25')).toEqual([]);
  for (const wrong of ['?since=-1', '?since=x', '?limit=0']) {
    expect((await fetch(`${url}/sandbox/log${wrong}`)).status).toBe(400);
  }
});

test('a long run is read back whole', async () => {
  const { post, look, sandbox, url } = await startBench({ activeLimit: 1e6, logLimit: 100_000 });
  const count = 1_500;
  let n = 0;
  async function submitOn(): Promise<void> {
    for (let mine = n++; mine < count; mine = n++) {
      await post(plain, { finetune_id: 'f', prompt: `boat ${mine}` });
      await look('x');
    }
  }
  await Promise.all(Array.from({ length: 16 }, submitOn));
  const lines = (await (await fetch(`${url}/sandbox/log`)).text()).trim().split('\n');
  expect(lines).toHaveLength(2 * count);
  expect(sandbox.stats()).toMatchObject({ submits: count, tasks: count, looks: count, acceptedTwice: { total: 0 } });
});

test('bounded list and map keep what is newest', () => {
  const list = createBoundedList<number>(3);
  for (let n = 1; n <= 100; n++) {
    list.push(n);
    expect(list.items()).toEqual([n - 2, n - 1, n].filter((each) => each > 0));
  }
  const map = createBoundedMap<number>(3);
  for (let n = 1; n <= 100; n++) map.set(`${n}`, n);
  for (const n of [98, 99, 100]) expect(map.get(`${n}`)).toBe(n);
  expect([...map.values()].length).toBeLessThanOrEqual(6);
  expect([...map.values()].toSorted((a, b) => a - b)).toEqual([...map.values()]);
  map.set('98', 0);
  expect([...map.values()].filter((each) => each === 98)).toEqual([]);
});

test('a heap gives the soonest first, whatever is added in between', () => {
  const random = randomFrom('heap');
  const heap = createHeap<{ at: number }>();
  const inside: number[] = [];
  const given: [number | undefined, number | undefined][] = [];
  for (let round = 0; round < 2_000; round++) {
    if (random() < 0.55) {
      const at = Math.floor(random() * 500);
      heap.push({ at });
      inside.push(at);
    } else {
      inside.sort((a, b) => a - b);
      given.push([heap.pop()?.at, inside.shift()]);
    }
  }
  expect(given.map(([got]) => got)).toEqual(given.map(([, wanted]) => wanted));
  expect(given.length).toBeGreaterThan(500);
  expect(heap.size).toBe(inside.length);
  expect(heap.peek()?.at).toBe(Math.min(...inside));
});
