import { describe, expect, test } from 'vitest';
import { faultNames, type Faults } from '../../src/sandbox/options.js';
import { plain, startBench, type Bench } from './harness.js';

const count = 60;
/** Slow replies take a few milliseconds. */
const quick = { timeScale: 1_000, activeLimit: 1_000, resultLifetimeMs: 1e10 };

async function submitMany(bench: Bench, more: Record<string, unknown> = {}): Promise<number[]> {
  const seen = [];
  for (let i = 0; i < count; i++) {
    const reply = await bench.post(plain, { finetune_id: 'f', prompt: `${i}`, ...more }).catch(() => null);
    seen.push(reply?.status ?? 0);
  }
  return seen;
}

async function answersWith(faults: Faults): Promise<number[]> {
  return await submitMany(await startBench({ ...quick, faults }));
}

function wishesOf({ sandbox }: Bench): Record<string, number>[] {
  return sandbox.tasks().map(({ wish }): Record<string, number> => wish);
}

/** What every task was wished, as drawn for the same sixty submits. */
async function wishesWith(faults: Faults, more?: Record<string, unknown>): Promise<Record<string, number>[]> {
  const bench = await startBench({ ...quick, faults });
  await submitMany(bench, more);
  return wishesOf(bench);
}

function having(wishes: readonly Record<string, number>[], word: string): number[] {
  return wishes.flatMap((wish, n) => (wish[word] === undefined ? [] : [n]));
}

describe('faults of the submit', () => {
  test('come by chance, the same ones for the same seed', async () => {
    const faults = { http500: 0.2, http503: 0.2, http429: 0.2, lostReply: 0.2 };
    const first = await answersWith(faults);
    expect(new Set(first)).toEqual(new Set([0, 200, 429, 500, 503]));
    expect(await answersWith(faults)).toEqual(first);
  });

  test('are one at most, and a refusal makes no task', async () => {
    const bench = await startBench({ ...quick, faults: { http500: 0.5, slowReply: 0.3, lostReply: 0.2 } });
    const answers = await submitMany(bench);
    const wishes = wishesOf(bench);
    expect(wishes).toHaveLength(count - answers.filter((status) => status === 500).length);
    for (const wish of wishes) expect(Object.keys(wish)).toHaveLength(1);
    for (const wish of wishes.filter((each) => 'slow-reply' in each)) {
      expect(wish['slow-reply']).toBeGreaterThanOrEqual(1);
      expect(wish['slow-reply']).toBeLessThan(6);
    }
    expect(having(wishes, 'slow-reply').length + having(wishes, 'lost-reply').length).toBe(wishes.length);
  });

  test('spare a prompt that asks for an outcome', async () => {
    const { submit, look } = await startBench({ faults: { http500: 1, lateTask: 1, lookHttp500: 1 } });
    const { id } = await submit('[sandbox: ready]');
    expect((await look(id)).status).toBe('Pending');
  });

  test('must be chances', async () => {
    for (const name of faultNames) {
      await expect(startBench({ faults: { [name]: 2 } })).rejects.toThrow(`faults.${name} must be 0 to 1`);
    }
  });
});

describe("faults of a task's life", () => {
  const chances = { lateTask: 0.5, unknownStatus: 0.5, foreignPollingUrl: 0.5 };
  const webhooks = { webhookMissing: 0.5, webhookDoubled: 0.5, webhookLate: 0.5 };
  const words = ['late-task', 'unknown-status', 'foreign-polling-url'];
  const webhookWords = ['webhook-missing', 'webhook-doubled', 'webhook-late'];

  test('are drawn each for itself, combine, and are the same for the same seed', async () => {
    const wishes = await wishesWith({ ...chances, ...webhooks, lostReply: 0.3 });
    expect(await wishesWith({ ...chances, ...webhooks, lostReply: 0.3 })).toEqual(wishes);
    for (const word of [...words, ...webhookWords, 'lost-reply']) {
      expect(having(wishes, word).length).toBeGreaterThan(count / 6);
      expect(having(wishes, word).length).toBeLessThan(count);
    }
    expect(wishes.some((wish) => Object.keys(wish).length >= 4)).toBe(true);
    expect(new Set(wishes.flatMap((wish) => wish['late-task'] ?? []))).toEqual(new Set([1, 2, 3]));
  });

  test('do not change when another chance does', async () => {
    const alone = await wishesWith({ unknownStatus: 0.5 });
    const together = await wishesWith({ ...chances, ...webhooks });
    expect(having(together, 'unknown-status')).toEqual(having(alone, 'unknown-status'));
  });

  test('do not depend on the webhook address, which differs at every try', async () => {
    const token = (n: number) => ({ webhook_url: `https://darkroom.invalid/${n}`, webhook_secret: `${n}` });
    expect(await wishesWith(chances, token(1))).toEqual(await wishesWith(chances, token(2)));
    expect(await wishesWith(chances, token(1))).toEqual(await wishesWith(chances));
  });

  test('show in the looks', async () => {
    const { submit, look } = await startBench({ faults: { lateTask: 1, unknownStatus: 1, foreignPollingUrl: 1 } });
    const { id, polling_url } = await submit('a boat');
    expect(polling_url).toMatch(/^https:\/\/[^/]+\.invalid/);
    const seen: string[] = [];
    while (!seen.includes('Reasoning') && seen.length < 5) seen.push((await look(id)).status);
    expect(seen.slice(0, -1).every((status) => status === 'Task not found')).toBe(true);
    expect(seen.at(-1)).toBe('Reasoning');
    expect(seen.length).toBeGreaterThan(1);
  });
});

describe('faults of a look', () => {
  async function looksOf(faults: Faults): Promise<(readonly [number, string | null])[]> {
    const { submit, url } = await startBench({ faults });
    const { id } = await submit('a boat');
    const seen = [];
    for (let i = 0; i < count; i++) {
      const reply = await fetch(`${url}/v1/get_result?id=${id}`, { headers: { 'x-key': 'test-key' } });
      await reply.text();
      seen.push([reply.status, reply.headers.get('retry-after')] as const);
    }
    return seen;
  }

  test('are drawn for each look anew, some with Retry-After, the same for the same seed', async () => {
    const seen = await looksOf({ lookHttp500: 0.3, lookHttp429: 0.4 });
    expect(new Set(seen.map(([status, after]) => `${status} ${after}`))).toEqual(
      new Set(['200 null', '500 null', '429 null', '429 1']),
    );
    expect(await looksOf({ lookHttp500: 0.3, lookHttp429: 0.4 })).toEqual(seen);
  });
});
