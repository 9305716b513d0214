import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startHttp, type Answer, type Http } from './http.js';

/** What is the same for every dialect that is looked at, in the dialect's own words. */
type Manner = {
  readonly name: string;
  readonly headers: (key: string) => Record<string, string>;
  readonly path: string;
  readonly body: (prompt: string) => unknown;
  readonly look: (id: string) => string;
  /** Status of a look at what is not there. */
  readonly unknown: number;
};

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const manners: readonly Manner[] = [
  {
    name: 'bfl',
    headers: (key) => ({ 'x-key': key }),
    path: '/v1/flux-pro-finetuned',
    body: (prompt) => ({ finetune_id: 'f', prompt }),
    look: (id) => `/v1/get_result?id=${id}`,
    unknown: 200,
  },
  {
    name: 'flux-gateway',
    headers: bearer,
    path: '/flux/v1/flux-pro-1-1-ultra-finetuned',
    body: (prompt) => ({ finetune_id: 'f', prompt }),
    look: (id) => `/flux/v1/get_result?id=${id}`,
    unknown: 200,
  },
  {
    name: 'fal',
    headers: (key) => ({ authorization: `Key ${key}` }),
    path: '/fal/fal-ai/flux-lora',
    body: (prompt) => ({ prompt, loras: [{ path: 'https://weights.invalid/a' }] }),
    look: (id) => `/fal/fal-ai/flux-lora/requests/${id}/status`,
    unknown: 404,
  },
  {
    name: 'replicate',
    headers: bearer,
    path: '/replicate/v1/models/black-forest-labs/flux-dev-lora/predictions',
    body: (prompt) => ({ input: { prompt } }),
    look: (id) => `/replicate/v1/predictions/${id}`,
    unknown: 404,
  },
];

type Bench = Http & {
  submit: (prompt: string, key?: string) => Promise<Answer>;
  look: (key?: string) => Promise<Answer>;
};

async function start(manner: Manner, options?: Parameters<typeof startHttp>[1]): Promise<Bench> {
  const http = await startHttp(null, options);
  return {
    ...http,
    submit: async (prompt, key = 'key') =>
      await http.call('POST', manner.path, { body: manner.body(prompt), headers: manner.headers(key) }),
    look: async (key = 'key') =>
      await http.call('GET', manner.look(http.sandbox.tasks()[0]?.id ?? ''), { headers: manner.headers(key) }),
  };
}

describe.each(manners)('$name', (manner) => {
  test('makes tasks of its own, counted by key and by body', async () => {
    const { submit, sandbox } = await start(manner);
    for (let i = 0; i < 2; i++) expect((await submit('twice')).status).toBeLessThan(300);
    expect(sandbox.tasks()).toMatchObject([{ dialect: manner.name }, { dialect: manner.name }]);
    expect(sandbox.log()).toMatchObject([{ submit: { prompt: 'twice', repeats: 0 } }, { submit: { repeats: 1 } }]);
    expect(sandbox.stats()).toMatchObject({
      submits: 2,
      acceptedTwice: { total: 1 },
      promptsAcceptedTwice: { total: 1 },
    });
    expect(Object.values(sandbox.stats().keys)).toMatchObject([{ active: 2 }]);
  });

  test('shows a task to nobody else', async () => {
    const { submit, look } = await start(manner);
    await submit('mine');
    expect((await look()).status).toBe(200);
    const other = await look('another');
    expect(other.status).toBe(manner.unknown);
    expect(JSON.stringify(other.body)).toMatch(/not found|could not be found/i);
  });

  test('has limits and credits', async () => {
    const limited = await start(manner, { activeLimit: 1 });
    await limited.submit('one');
    expect((await limited.submit('two')).status).toBe(429);
    expect((await limited.submit('two', 'another')).status).toBeLessThan(300);
    expect((await (await start(manner, { credits: 1 })).submit('one')).status).toBe(402);
  });

  test('loses an answer', async () => {
    const { submit, sandbox } = await start(manner);
    await expect(submit('[sandbox: lost-reply=1]')).rejects.toThrow('fetch failed');
    expect((await submit('[sandbox: lost-reply=1]')).status).toBeLessThan(300);
    expect(sandbox.log()).toMatchObject([{ answered: false, task: expect.any(String) }, { answered: true }]);
  });

  test('cuts an answer, answers with a page, or with 500 though it took the task', async () => {
    const { submit, sandbox } = await start(manner);
    await expect(submit('[sandbox: truncated-reply]')).rejects.toThrow('terminated');
    const page = await submit('[sandbox: html-reply]');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await submit('[sandbox: 500-accepted]')).status).toBe(500);
    expect(sandbox.tasks()).toHaveLength(3);
  });

  test('is slow', async () => {
    const { submit, sandbox } = await start(manner, { timeScale: 1_000 });
    expect((await submit('[sandbox: slow-reply=2s]')).status).toBeLessThan(300);
    expect(sandbox.tasks()).toHaveLength(1);
  });

  test('spoils the first looks', async () => {
    const { submit, look } = await start(manner);
    await submit('[sandbox: poll-500=1, poll-429=2, poll-html=3, poll-truncated=4]');
    expect([(await look()).status, (await look()).status]).toEqual([500, 429]);
    expect((await look()).headers.get('content-type')).toContain('text/html');
    await expect(look()).rejects.toThrow('terminated');
    expect((await look()).status).toBe(200);
  });

  test('goes wrong by chance, in submits and looks', async () => {
    const faults = { http503: 0.3, lostReply: 0.3, lookHttp500: 0.3, lookHttp429: 0.3 };
    const { submit, look, sandbox } = await start(manner, { faults, activeLimit: 1_000 });
    const seen = new Set<number | null>();
    for (let i = 0; i < 40; i++) seen.add((await submit(`${i}`).catch(() => null))?.status ?? null);
    expect(seen).toEqual(new Set([null, 503, sandbox.log().find(({ task, answered }) => task && answered)?.status]));
    const looks = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const { status, headers } = await look();
      looks.add(`${status} ${headers.get('retry-after')}`);
    }
    expect(looks).toEqual(new Set(['200 null', '500 null', '429 null', '429 1']));
  });

  test('keeps its tasks over a restart', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const before = await start(manner, { stateDir });
    await before.submit('p [sandbox: duration=10s]');
    const shown = (await before.look()).body;
    const tasks = before.sandbox.tasks();
    await before.sandbox.stop();
    const after = await start(manner, { stateDir });
    expect(after.sandbox.tasks()).toEqual(tasks);
    expect(JSON.stringify((await after.look()).body).replaceAll(after.url, before.url)).toBe(JSON.stringify(shown));
  });
});
