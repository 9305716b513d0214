import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { imageInputNames, parameterNames, type Model, type ParameterValue } from '../../src/domain/model.js';
import type { WebhookAccount, WebhookDelivery } from '../../src/domain/webhook.js';
import type {
  LookOutcome,
  Provider,
  ProviderAccount,
  SubmitImage,
  SubmitRequest,
  TaskHandle,
} from '../../src/providers/provider.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';

/** One adapter and the sandbox's dialect of its upstream: two readings of one contract, which have to agree. */
export type Pair = {
  create(): Provider;
  /** Where the dialect begins at the sandbox. */
  path: string;
  apiKey: string;
  finetuneId: string;
  loraUrl: string;
  /** How an output that is gone is told: by its address, or by the look. */
  expired: 'gone' | 'removed';
  /** What webhooks of this account are signed with, where that is the account's own. */
  webhookSecret(base: string): Promise<string | null>;
};

const never = new AbortController().signal;
const start = 1_800_000_000_000;
const longMs = 10 * 60_000;

type Stage = {
  provider: Provider;
  sandbox: Sandbox;
  account: ProviderAccount;
  advance(ms: number): void;
  now(): number;
};

async function startStage(pair: Pair): Promise<Stage> {
  let at = start;
  const sandbox = createSandbox({ image: 'small', now: () => at, keys: [pair.apiKey] });
  const { url } = await sandbox.start();
  const provider = pair.create();
  onTestFinished(async () => {
    await provider.close();
    await sandbox.stop();
  });
  return {
    provider,
    sandbox,
    account: { id: 'main', baseUrl: `${url}${pair.path}`, apiKey: pair.apiKey, hosts: [] },
    advance(ms) {
      at += ms;
    },
    now: () => at,
  };
}

/** Something that takes webhooks in as they come. */
export async function startReceiver(): Promise<{ url: string; received: Pick<WebhookDelivery, 'headers' | 'body'>[] }> {
  const received: Pick<WebhookDelivery, 'headers' | 'body'>[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(pieces) });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook?of=ours`, received };
}

const picture = readFileSync(new URL('../../examples/control.jpg', import.meta.url));

/** A request as Darkroom makes it: the model's defaults, and every picture that it cannot do without. */
export function requestFor(pair: Pick<Pair, 'finetuneId' | 'loraUrl'>, model: Model, prompt: string): SubmitRequest {
  const parameters: Partial<Record<(typeof parameterNames)[number], ParameterValue>> = {};
  for (const name of parameterNames) {
    const value = model.parameters[name]?.default ?? null;
    if (value !== null) parameters[name] = value;
  }
  const images: Partial<Record<(typeof imageInputNames)[number], SubmitImage>> = {};
  for (const name of imageInputNames) {
    if (model.images[name]?.required === true) images[name] = { id: name, bytes: picture, width: 768, height: 512 };
  }
  return {
    key: '00000000-0000-8000-8000-000000000001',
    model: model.id.slice(model.provider.length + 1),
    endpoint: model.name,
    control: model.control,
    prompt,
    finetuneId: model.finetune === 'ID' ? pair.finetuneId : null,
    loraUrl: model.finetune === 'LORA' ? pair.loraUrl : null,
    parameters,
    images,
    webhook: null,
  };
}

function firstOf(models: readonly Model[]): Model {
  const [first] = models;
  if (first === undefined) throw new Error('There is no model of this provider.');
  return first;
}

export function agrees(name: string, pair: Pair): void {
  const models = knownModels().filter(({ provider }) => provider === name);
  const living = models.filter(({ lifecycle }) => lifecycle.status !== 'RETIRED');
  const first = firstOf(living);

  async function submit(
    stage: Stage,
    prompt: string,
    model: Model = first,
    webhook: string | null = null,
  ): Promise<TaskHandle> {
    const request = requestFor(pair, model, prompt);
    const outcome = await stage.provider.submit(
      stage.account,
      { ...request, webhook: webhook === null ? null : { url: webhook, secret: 'unused' } },
      never,
    );
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    return { ...outcome.task, endpoint: request.endpoint };
  }

  async function finish(prompt: string): Promise<{ stage: Stage; outcome: LookOutcome; task: TaskHandle }> {
    const stage = await startStage(pair);
    const task = await submit(stage, prompt);
    stage.advance(longMs);
    return { stage, task, outcome: await stage.provider.look(stage.account, task, never) };
  }

  describe(`${name} and the sandbox's ${name}`, () => {
    it.each(living.map((model) => [model.id, model] as const))('%s makes a picture', async (_, model) => {
      const stage = await startStage(pair);
      const task = await submit(stage, 'a boat', model);
      expect(await stage.provider.look(stage.account, task, never)).toMatchObject({ kind: 'running', known: true });
      stage.advance(longMs);
      const look = await stage.provider.look(stage.account, task, never);
      expect(look).toMatchObject({ kind: 'ready', seed: expect.any(Number) });
      if (look.kind !== 'ready' || look.image.kind !== 'url') throw new Error('no URL');
      expect(await stage.provider.download(stage.account, look.image.url, never)).toMatchObject({ kind: 'bytes' });
      expect(stage.sandbox.tasks()).toHaveLength(1);
    });

    it('takes large pictures', async () => {
      const stage = await startStage(pair);
      const model = firstOf(living.filter(({ images }) => images.controlImage !== undefined));
      // What follows a picture's end is not looked at.
      const bytes = Buffer.concat([picture, Buffer.alloc(600_000)]);
      const request = requestFor(pair, model, 'a boat');
      const large = { ...request, images: { controlImage: { id: 'large', bytes, width: 768, height: 512 } } };
      expect(await stage.provider.submit(stage.account, large, never)).toMatchObject({ kind: 'accepted' });
    });

    it.each<[string, object]>([
      ['request-moderated', { kind: 'moderated' }],
      ['moderated', { kind: 'moderated', stage: 'OUTPUT' }],
      ['error', { kind: 'failed' }],
      ['failed', { kind: 'failed' }],
      ['canceled', { kind: 'canceled' }],
      ['not-found', { kind: 'notFound' }],
      ['stuck', { kind: 'running', known: true }],
      ['no-image', { kind: 'failed' }],
      ['foreign-polling-url', { kind: 'ready' }],
    ])('%s', async (word, expected) => {
      expect((await finish(`a boat [sandbox: ${word}]`)).outcome).toMatchObject(expected);
    });

    it.each<[string, object]>([
      ['unknown-status', { kind: 'running', known: false }],
      ['late-task', { kind: 'notFound' }],
      ['poll-500', { kind: 'unavailable', httpStatus: 500 }],
      ['poll-429', { kind: 'unavailable', httpStatus: 429 }],
      ['poll-html', { kind: 'unavailable', httpStatus: 200 }],
      ['poll-truncated', { kind: 'unavailable' }],
    ])('%s, then all is well', async (word, expected) => {
      const stage = await startStage(pair);
      const task = await submit(stage, `a boat [sandbox: ${word}, duration=60s]`);
      expect(await stage.provider.look(stage.account, task, never)).toMatchObject(expected);
      stage.advance(longMs);
      const last = async () => (await stage.provider.look(stage.account, task, never)).kind;
      await expect.poll(last).toBe('ready');
    });

    it.each<[string, object]>([
      ['400', { kind: 'refused', code: 'PROVIDER_REFUSED' }],
      ['401', { kind: 'refused', code: 'PROVIDER_UNAUTHORIZED' }],
      ['402', { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS' }],
      ['404', { kind: 'refused', code: 'MODEL_RETIRED_UPSTREAM' }],
      ['422', { kind: 'refused', code: 'PROVIDER_REFUSED' }],
      ['429', { kind: 'refused', code: 'PROVIDER_BUSY', retry: 'later' }],
      ['quota-200', { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS' }],
      ['500', { kind: 'unknown' }],
      ['504', { kind: 'unknown' }],
      ['lost-reply', { kind: 'unknown' }],
      ['html-reply', { kind: 'unknown' }],
      ['truncated-reply', { kind: 'unknown' }],
      ['500-accepted', { kind: 'unknown' }],
    ])('a submit that meets %s', async (word, expected) => {
      const { provider, account } = await startStage(pair);
      const request = requestFor(pair, first, `a boat [sandbox: ${word}]`);
      expect(await provider.submit(account, request, never)).toMatchObject(expected);
    });

    it('a result that expired is gone', async () => {
      const { stage, outcome } = await finish('a boat [sandbox: expired]');
      const { provider, account } = stage;
      const url = outcome.kind === 'ready' && outcome.image.kind === 'url' ? outcome.image.url : null;
      const told = url === null ? outcome : await provider.download(account, url, never);
      expect(told).toMatchObject({ kind: pair.expired });
    });

    it('an end is asked for, comes, and then it is too late', async () => {
      const stage = await startStage(pair);
      const task = await submit(stage, 'a boat [sandbox: duration=60s]');
      stage.advance(30_000);
      expect(await stage.provider.cancel?.(stage.account, task, never)).toEqual({ kind: 'asked' });
      stage.advance(longMs);
      expect(await stage.provider.look(stage.account, task, never)).toMatchObject({ kind: 'canceled' });

      const done = await submit(stage, 'a boat [sandbox: duration=60s]');
      stage.advance(longMs);
      expect(await stage.provider.cancel?.(stage.account, done, never)).toMatchObject({ kind: 'tooLate' });
      expect(await stage.provider.look(stage.account, done, never)).toMatchObject({ kind: 'ready' });
    });

    it('an account is well with a key that is known, and with no other', async () => {
      const { provider, account } = await startStage(pair);
      expect(await provider.probe(account, never)).toMatchObject({ kind: 'well' });
      expect(await provider.probe({ ...account, apiKey: 'another' }, never)).toMatchObject({ kind: 'refused' });
    });

    it('webhooks are true ones, forged ones are not, and one settles a submit whose answer was lost', async () => {
      const stage = await startStage(pair);
      const { provider, account } = stage;
      const known: WebhookAccount = {
        ...account,
        webhookSecret: await pair.webhookSecret(account.baseUrl),
      };
      const receiver = await startReceiver();
      const read = async (n: number) => {
        const delivery = receiver.received[n];
        if (delivery === undefined) throw new Error('no such delivery');
        return await provider.readWebhook?.(known, { ...delivery, secret: 'unused', receivedAt: stage.now() });
      };

      const task = await submit(stage, 'a boat [sandbox: webhook-forged]', first, receiver.url);
      stage.advance(longMs);
      await expect.poll(() => receiver.received.length).toBe(2);
      const readings = [await read(0), await read(1)];
      expect(readings).toContainEqual({ ok: true, taskId: task.taskId });
      expect(readings).toContainEqual({ ok: false, reason: 'the signature is wrong' });

      const request = requestFor(pair, first, 'a boat [sandbox: lost-reply]');
      const lost = { ...request, webhook: { url: receiver.url, secret: 'unused' } };
      expect(await provider.submit(account, lost, never)).toMatchObject({ kind: 'unknown' });
      stage.advance(longMs);
      await expect.poll(() => receiver.received.length).toBe(3);
      const reading = await read(2);
      if (reading?.ok !== true) throw new Error(JSON.stringify(reading));
      const handle = { taskId: reading.taskId, pollingUrl: null, resultUrl: null, cancelUrl: null };
      const found = await provider.look(account, { ...handle, endpoint: request.endpoint }, never);
      expect(found).toMatchObject({ kind: 'ready' });
    });
  });
}
