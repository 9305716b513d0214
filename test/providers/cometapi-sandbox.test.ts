// The adapters against the sandbox's dialects of the same contracts, written apart: two readings, which have to agree.
import { describe, expect, it, onTestFinished } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import type { Model } from '../../src/domain/model.js';
import { createCometApiResponsesProvider } from '../../src/providers/cometapi-responses/cometapi-responses.js';
import { createCometApiProvider } from '../../src/providers/cometapi/cometapi.js';
import type {
  LookOutcome,
  Provider,
  ProviderAccount,
  SubmitOutcome,
  TaskHandle,
} from '../../src/providers/provider.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { requestFor, startReceiver } from './sandbox-suite.js';

const never = new AbortController().signal;
const apiKey = 'comet-key';
const names = { finetuneId: 'my-finetune', loraUrl: 'https://weights.invalid/ink.safetensors' };
const longMs = 10 * 60_000;
const modelsOf = (name: string): Model[] => knownModels().filter(({ provider }) => provider === name);

type Stage = { provider: Provider; account: ProviderAccount; sandbox: Sandbox; advance(ms: number): void };

async function startStage(provider: Provider, options: Parameters<typeof createSandbox>[0] = {}): Promise<Stage> {
  let at = 1_800_000_000_000;
  const sandbox = createSandbox({ image: 'small', keys: [apiKey], now: () => at, ...options });
  const { url } = await sandbox.start();
  onTestFinished(async () => {
    await provider.close();
    await sandbox.stop();
  });
  const account = { id: 'main', baseUrl: url, apiKey, hosts: [] };
  return {
    provider,
    account,
    sandbox,
    advance(ms) {
      at += ms;
    },
  };
}

function first(name: string): Model {
  const [model] = modelsOf(name);
  if (model === undefined) throw new Error(`There is no model of ${name}.`);
  return model;
}

function submit({ provider, account }: Stage, prompt: string, model: Model, webhook: string | null = null) {
  const request = requestFor(names, model, prompt);
  const calling = webhook === null ? null : { url: webhook, secret: 'a secret' };
  return provider.submit(account, { ...request, webhook: calling }, never);
}

function taskOf(outcome: SubmitOutcome): TaskHandle {
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  return outcome.task;
}

/** The first bytes of the picture: those of a JPEG. */
async function fetchImage({ provider, account }: Stage, look: LookOutcome | null): Promise<string> {
  if (look?.kind !== 'ready') throw new Error(JSON.stringify(look));
  const { image } = look;
  const fetched = image.kind === 'bytes' ? image : await provider.download(account, image.url, never);
  if (fetched.kind !== 'bytes') throw new Error(JSON.stringify(fetched));
  return fetched.bytes.toString('hex', 0, 3);
}

/** The dialect knows every field that was sent, and no key went to where pictures lie. */
function expectNoWaste(sandbox: Sandbox): void {
  const log = sandbox.log();
  expect(log.flatMap(({ submit: sent }) => sent?.ignored ?? [])).toEqual([]);
  expect(log.filter(({ keyLeaked }) => keyLeaked)).toEqual([]);
}

const refusals: [string, object][] = [
  ['400', { kind: 'refused', code: 'PROVIDER_REFUSED' }],
  ['402', { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS' }],
  ['403', { kind: 'refused', code: 'PROVIDER_UNAUTHORIZED' }],
  ['404', { kind: 'refused', code: 'MODEL_RETIRED_UPSTREAM' }],
  ['422', { kind: 'refused', code: 'PROVIDER_REFUSED' }],
  ['429', { kind: 'refused', code: 'PROVIDER_BUSY', retry: 'later' }],
  ['quota-200', { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS' }],
  ['500', { kind: 'unknown' }],
  ['503', { kind: 'unknown' }],
  ['504', { kind: 'unknown' }],
  ['lost-reply', { kind: 'unknown' }],
  ['html-reply', { kind: 'unknown' }],
  ['truncated-reply', { kind: 'unknown' }],
  ['500-accepted', { kind: 'unknown' }],
];

describe('cometapi and the sandbox’s gateway', () => {
  const create = createCometApiProvider;
  const model = first('cometapi');

  it.each(modelsOf('cometapi').map((each) => [each.id, each] as const))('%s makes a picture', async (_, each) => {
    const stage = await startStage(create());
    const { provider, account, sandbox } = stage;
    const task = taskOf(await submit(stage, 'a boat', each));
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'running', known: true });
    stage.advance(longMs);
    expect(await fetchImage(stage, await provider.look(account, task, never))).toBe('ffd8ff');
    expectNoWaste(sandbox);
  });

  it('a picture that is there at once', async () => {
    const stage = await startStage(create());
    const outcome = await submit(stage, 'a boat [sandbox: ready-at-once]', model);
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    expect(await fetchImage(stage, outcome.look)).toBe('ffd8ff');
  });

  it.each<[string, object]>([
    ['request-moderated', { kind: 'moderated', stage: 'INPUT' }],
    ['moderated', { kind: 'moderated', stage: 'OUTPUT' }],
    ['error', { kind: 'failed', message: 'Asked for by the prompt' }],
    ['failed', { kind: 'failed', message: 'Asked for by the prompt' }],
    ['not-found', { kind: 'notFound' }],
    ['stuck', { kind: 'running', known: true }],
    ['no-image', { kind: 'failed' }],
    ['foreign-polling-url', { kind: 'ready' }],
  ])('%s', async (word, expected) => {
    const stage = await startStage(create());
    const task = taskOf(await submit(stage, `a boat [sandbox: ${word}]`, model));
    stage.advance(longMs);
    expect(await stage.provider.look(stage.account, task, never)).toMatchObject(expected);
  });

  it.each<[string, object]>([
    ['unknown-status', { kind: 'running', word: 'Processing' }],
    ['late-task', { kind: 'notFound' }],
    ['poll-500', { kind: 'unavailable', httpStatus: 500 }],
    ['poll-429', { kind: 'unavailable', httpStatus: 429 }],
    ['poll-html', { kind: 'unavailable', httpStatus: 200 }],
    ['poll-truncated', { kind: 'unavailable' }],
  ])('%s, then all is well', async (word, expected) => {
    const stage = await startStage(create());
    const { provider, account } = stage;
    const task = taskOf(await submit(stage, `a boat [sandbox: ${word}, duration=60s]`, model));
    expect(await provider.look(account, task, never)).toMatchObject(expected);
    stage.advance(longMs);
    await expect.poll(async () => (await provider.look(account, task, never)).kind).toBe('ready');
  });

  it.each(refusals)('a submit that meets %s', async (word, expected) => {
    expect(await submit(await startStage(create()), `a boat [sandbox: ${word}]`, model)).toMatchObject(expected);
  });

  it('an expired picture is gone', async () => {
    const stage = await startStage(create());
    const task = taskOf(await submit(stage, 'a boat [sandbox: expired]', model));
    stage.advance(longMs);
    const look = await stage.provider.look(stage.account, task, never);
    if (look.kind !== 'ready' || look.image.kind !== 'url') throw new Error(JSON.stringify(look));
    expect(await stage.provider.download(stage.account, look.image.url, never)).toMatchObject({ kind: 'gone' });
  });

  it('is well with its key, and refused with another', async () => {
    const { provider, account } = await startStage(create());
    expect(await provider.probe(account, never)).toEqual({ kind: 'well', creditMicros: null });
    const other = { ...account, apiKey: 'other' };
    expect(await provider.probe(other, never)).toMatchObject({ kind: 'refused' });
    const task = { taskId: 't1', pollingUrl: null, resultUrl: null, cancelUrl: null };
    expect(await provider.look(other, task, never)).toMatchObject({ kind: 'unavailable', httpStatus: 401 });
  });

  it('webhooks tell the secret, forged ones another, and one settles a submit whose answer was lost', async () => {
    const receiver = await startReceiver();
    const stage = await startStage(create());
    const task = taskOf(await submit(stage, 'a boat [sandbox: webhook-forged]', model, receiver.url));
    stage.advance(longMs);
    await expect.poll(() => receiver.received.length).toBe(2);
    const read = (n: number) => {
      const delivery = {
        headers: {},
        body: Buffer.alloc(0),
        ...receiver.received[n],
        secret: 'a secret',
        receivedAt: 0,
      };
      return stage.provider.readWebhook?.({ ...stage.account, webhookSecret: null }, delivery);
    };
    expect([read(0), read(1)]).toContainEqual({ ok: true, taskId: task.taskId });
    expect([read(0), read(1)]).toContainEqual({ ok: false, reason: 'the secret is wrong' });

    expect(await submit(stage, 'a boat [sandbox: lost-reply]', model, receiver.url)).toMatchObject({ kind: 'unknown' });
    stage.advance(longMs);
    await expect.poll(() => receiver.received.length).toBe(3);
    const reading = read(2);
    if (reading === undefined || !('ok' in reading) || !reading.ok) throw new Error(JSON.stringify(reading));
    const lost = { taskId: reading.taskId, pollingUrl: null, resultUrl: null, cancelUrl: null };
    expect(await fetchImage(stage, await stage.provider.look(stage.account, lost, never))).toBe('ffd8ff');
  });
});

describe('cometapi-responses and the sandbox’s /v1/responses', () => {
  const create = createCometApiResponsesProvider;
  const model = first('cometapi-responses');
  /** By the real clock, since the answer waits for the picture. */
  const quick = { now: () => Date.now(), timeScale: 2_000 };

  it.each(modelsOf('cometapi-responses').map((each) => [each.id, each] as const))(
    '%s makes a picture',
    async (_, each) => {
      const stage = await startStage(create(), quick);
      const outcome = await submit(stage, 'a boat', each);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
      expect(await fetchImage(stage, outcome.look)).toBe('ffd8ff');
      expectNoWaste(stage.sandbox);
      expect(await stage.provider.look(stage.account, outcome.task, never)).toEqual({ kind: 'notFound' });
    },
  );

  it.each(['in-text', 'in-url', 'in-base64'])('a picture %s', async (form) => {
    const stage = await startStage(create(), quick);
    const outcome = await submit(stage, `a boat [sandbox: ${form}]`, model);
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    expect(await fetchImage(stage, outcome.look)).toBe('ffd8ff');
  });

  it.each<[string, object]>([
    ['request-moderated', { kind: 'moderated', stage: 'INPUT' }],
    ['moderated', { kind: 'moderated', stage: 'OUTPUT' }],
    ['error', { kind: 'failed' }],
    ['no-image', { kind: 'failed' }],
  ])('%s', async (word, look) => {
    const stage = await startStage(create(), quick);
    expect(await submit(stage, `a boat [sandbox: ${word}]`, model)).toMatchObject({ kind: 'accepted', look });
  });

  it.each([...refusals, ['failed', { kind: 'unknown', httpStatus: 500 }] as const])(
    'a submit that meets %s',
    async (word, expected) => {
      expect(await submit(await startStage(create(), quick), `a boat [sandbox: ${word}]`, model)).toMatchObject(
        expected,
      );
    },
  );

  it('is well with its key, and refused with another', async () => {
    const { provider, account } = await startStage(create());
    expect(await provider.probe(account, never)).toEqual({ kind: 'well', creditMicros: null });
    expect(await provider.probe({ ...account, apiKey: 'other' }, never)).toMatchObject({ kind: 'refused' });
  });
});
