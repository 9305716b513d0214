import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { plain, startBench, type Bench } from './harness.js';
import { startReceiver } from './receiver.js';

const acceptedSchema = z.strictObject({
  id: z.string(),
  status: z.literal('Pending'),
  webhook_url: z.string(),
  cost: z.number(),
  input_mp: z.number(),
  output_mp: z.number(),
});

async function submit({ post }: Bench, prompt: string, url: string, secret: string | null = 'hush'): Promise<string> {
  const webhook = { webhook_url: url, webhook_secret: secret };
  const { body } = await post(plain, { finetune_id: 'f', prompt, seed: 7, ...webhook });
  return acceptedSchema.parse(body).id;
}

/** A sandbox, a receiver, and a task of ten seconds with this word that has a webhook. */
async function scene(
  word: string,
  answers?: Parameters<typeof startReceiver>[0],
): Promise<Bench & Awaited<ReturnType<typeof startReceiver>> & { id: string }> {
  const receiver = await startReceiver(answers);
  const bench = await startBench();
  const id = await submit(bench, `a boat [sandbox: ${word}, duration=10s]`, `${receiver.url}/hooks/1`);
  return { ...bench, received: receiver.received, id };
}

/** Waits until nothing is left to be sent that is due. */
async function settled({ sandbox }: Bench, tries: number): Promise<void> {
  await expect.poll(() => sandbox.webhooks().length, { timeout: 5_000 }).toBe(tries);
}

describe('a webhook', () => {
  test('tells the end, signed over its raw body', async () => {
    const bench = await scene('ready');
    expect(bench.sandbox.stats().webhooks).toEqual({ sent: 0, failed: 0, dropped: 0, waiting: 1 });
    bench.advance(10_000);
    await settled(bench, 1);
    const [webhook] = bench.received;
    expect(webhook).toMatchObject({ path: '/hooks/1', contentType: 'application/json', genuine: true });
    expect(webhook?.body).toEqual({
      id: bench.id,
      status: 'Ready',
      result: (await bench.look(bench.id)).result,
      timestamp: new Date(1_800_000_010_000).toISOString(),
    });
    expect((await fetch(webhook?.body.result?.sample ?? '')).status).toBe(200);
    expect(bench.sandbox.webhooks()).toEqual([
      {
        n: 1,
        task: bench.id,
        url: expect.stringMatching(/\/hooks\/1$/),
        kind: 'end',
        at: 1_800_000_010_000,
        try: 1,
        status: 200,
        error: null,
        outcome: 'delivered',
      },
    ]);
    expect(bench.sandbox.stats().webhooks).toEqual({ sent: 1, failed: 0, dropped: 0, waiting: 0 });
  });

  test('is unsigned without a secret', async () => {
    const { url, received } = await startReceiver();
    const bench = await startBench();
    await submit(bench, '[sandbox: duration=1s]', url, null);
    bench.advance(1000);
    await settled(bench, 1);
    expect(received).toMatchObject([{ signature: undefined }]);
  });

  test.each([
    ['error', 'Error'],
    ['failed', 'Failed'],
    ['moderated', 'Content Moderated'],
    ['request-moderated', 'Request Moderated'],
  ])('of a task that ends with %s says so, and has no result', async (word, status) => {
    const bench = await scene(word);
    bench.advance(10_000);
    await settled(bench, 1);
    const texts = { error: expect.stringMatching(/\w/), message: expect.stringMatching(/\w/) };
    expect(bench.received[0]?.body).toEqual({ id: bench.id, status, ...texts, timestamp: expect.any(String) });
  });

  test.each(['stuck', 'not-found', 'webhook-missing'])('never comes with %s', async (word) => {
    const bench = await scene(word);
    expect(bench.sandbox.stats().webhooks.waiting).toBe(0);
  });

  test('comes for a task whose submit was not answered', async () => {
    const { url, received } = await startReceiver();
    const bench = await startBench();
    await expect(submit(bench, '[sandbox: lost-reply, duration=1s]', url)).rejects.toThrow('fetch failed');
    bench.advance(1000);
    await settled(bench, 1);
    expect(received[0]?.body.id).toBe(bench.sandbox.tasks()[0]?.id);
  });

  test('is sent again after 1, 5 and 30 s when it is not taken, then dropped', async () => {
    const bench = await scene('ready', [500, 'cut', 302, 404]);
    const seen = [];
    for (const [n, wait] of [10_000, 1_000, 5_000, 30_000].entries()) {
      bench.advance(wait - 1);
      // Nothing is sent one millisecond early: what comes below has the exact time.
      bench.advance(1);
      await settled(bench, n + 1);
      seen.push(bench.sandbox.webhooks().at(-1));
    }
    expect(seen).toMatchObject([
      { try: 1, status: 500, at: 1_800_000_010_000, outcome: 'retry' },
      { try: 2, status: null, at: 1_800_000_011_000, outcome: 'retry', error: expect.stringMatching(/\w/) },
      { try: 3, status: 302, at: 1_800_000_016_000, outcome: 'retry' },
      { try: 4, status: 404, at: 1_800_000_046_000, outcome: 'dropped' },
    ]);
    expect(bench.sandbox.stats().webhooks).toEqual({ sent: 0, failed: 4, dropped: 1, waiting: 0 });
    expect(new Set(bench.received.map(({ genuine }) => genuine))).toEqual(new Set([true]));
  });

  test('that is not answered in time is sent again', async () => {
    const { url, received } = await startReceiver(['never']);
    // The answer is awaited for a thousandth of 30 s, yet at least for 2 s.
    const bench = await startBench({ timeScale: 1_000, now: Date.now });
    await submit(bench, '[sandbox: duration=1s]', url);
    await settled(bench, 2);
    expect(bench.sandbox.webhooks()).toMatchObject([{ status: null, outcome: 'retry' }, { outcome: 'delivered' }]);
    expect(received).toHaveLength(2);
  });

  test('that is on its way is cut by a stop', async () => {
    const { url, received } = await startReceiver(['never']);
    const bench = await startBench();
    await submit(bench, '[sandbox: duration=1s]', url);
    bench.advance(1000);
    await expect.poll(() => received.length).toBe(1);
    await bench.sandbox.stop();
    expect(bench.sandbox.webhooks()).toEqual([]);
  });
});

describe('a webhook that is asked to be', () => {
  test('doubled comes twice', async () => {
    const bench = await scene('webhook-doubled');
    bench.advance(10_000);
    await settled(bench, 2);
    expect(bench.sandbox.webhooks().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['end', 'double']));
    expect(bench.received[0]?.body).toEqual(bench.received[1]?.body);
  });

  test('late comes late', async () => {
    const bench = await scene('webhook-late=5s');
    bench.advance(10_000);
    expect((await bench.look(bench.id)).status).toBe('Ready');
    bench.advance(4_999);
    expect(bench.sandbox.stats().webhooks.waiting).toBe(1);
    bench.advance(1);
    await settled(bench, 1);
    expect(bench.sandbox.webhooks()).toMatchObject([{ at: 1_800_000_015_000 }]);
  });

  test('forged is preceded by a lie with a wrong signature', async () => {
    const bench = await scene('webhook-forged');
    bench.advance(5_500);
    await settled(bench, 1);
    bench.advance(4_500);
    await settled(bench, 2);
    expect(bench.received).toMatchObject([
      { genuine: false, signature: expect.stringMatching(/^sha256=[0-9a-f]{64}$/), body: { status: 'Error' } },
      { genuine: true, body: { status: 'Ready' } },
    ]);
  });

  test('forged of a task that fails says that it is ready', async () => {
    const bench = await scene('webhook-forged, error');
    bench.advance(5_500);
    await settled(bench, 1);
    expect(bench.received).toMatchObject([{ genuine: false, body: { status: 'Ready' } }]);
  });

  test('early comes while the task still runs, and again when it is true', async () => {
    const bench = await scene('webhook-early');
    bench.advance(5_500);
    await settled(bench, 1);
    expect(bench.received).toMatchObject([{ genuine: true, body: { status: 'Ready' } }]);
    expect((await bench.look(bench.id)).status).toBe('Pending');
    expect((await fetch(bench.received[0]?.body.result?.sample ?? '')).status).toBe(404);
    bench.advance(4_500);
    await settled(bench, 2);
  });
});

test('thousands of webhooks are sent in time, none left out', async () => {
  const { url, received } = await startReceiver();
  const bench = await startBench({ activeLimit: 1e6, faults: { webhookDoubled: 0.1, webhookMissing: 0.1 } });
  const count = 2_000;
  let n = 0;
  async function submitOn(): Promise<void> {
    for (let mine = n++; mine < count; mine = n++) await submit(bench, `boat ${mine}`, `${url}/${mine}`);
  }
  await Promise.all(Array.from({ length: 16 }, submitOn));
  const wishes = bench.sandbox.tasks().map(({ wish }) => wish);
  // A double of one that never comes is none.
  const missing = wishes.filter((wish) => wish['webhook-missing'] !== undefined).length;
  const doubled = wishes.filter(
    (wish) => wish['webhook-doubled'] !== undefined && wish['webhook-missing'] === undefined,
  ).length;
  expect(missing).toBeGreaterThan(100);
  expect(doubled).toBeGreaterThan(100);
  bench.advance(60_000);
  await expect.poll(() => bench.sandbox.stats().webhooks.waiting, { timeout: 20_000 }).toBe(0);
  expect(received).toHaveLength(count - missing + doubled);
  expect(new Set(received.map(({ path }) => path)).size).toBe(count - missing);
  expect(received.every(({ genuine }) => genuine)).toBe(true);
});

test('after a restart what was not told is told, and what was told is not', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const { url, received } = await startReceiver();
  const before = await startBench({ stateDir });
  const told = await submit(before, 'told [sandbox: duration=1s]', url);
  const untold = await submit(before, 'untold [sandbox: duration=30s]', url);
  before.advance(1_000);
  await settled(before, 1);
  await before.sandbox.stop();

  for (const restart of [1, 2]) {
    const after = await startBench({ stateDir });
    expect(after.sandbox.stats().webhooks.waiting, `restart ${restart}`).toBe(restart === 1 ? 1 : 0);
    after.advance(30_000);
    if (restart === 1) await settled(after, 1);
    await after.sandbox.stop();
  }
  expect(received.map(({ body }) => body.id)).toEqual([told, untold]);
});
