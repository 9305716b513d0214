import { describe, expect, it, onTestFinished } from 'vitest';
import { startReplicate, version } from './replicate.js';
import { never } from './scripted.js';
import { startUpstream, type Reply } from './upstream.js';

const training = {
  id: 'tr1',
  status: 'succeeded',
  model: 'ostris/flux-dev-lora-trainer',
  input: { trigger_word: 'TOK', steps: 1000 },
  output: { version: `acme/shoes:${version}`, weights: 'https://replicate.delivery/pbxt/x/trained_model.tar' },
};

describe('finetunes', () => {
  it('are the versions that trainings made, over all pages', async () => {
    const { provider, upstream, account } = await startReplicate([]);
    const next = `${upstream.origin}/v1/trainings?cursor=2`;
    const second = { ...training, output: { version: `acme/hats:${version}` }, input: {} };
    const useless = [
      { ...training, status: 'failed' },
      { ...training, output: null },
      { ...training, output: { version: 'x' } },
      null,
    ];
    upstream.queue.push(
      { body: { results: [training, ...useless], next, previous: null } },
      { body: { results: [second], next: null } },
    );
    expect(await provider.listFinetunes?.(account, never)).toEqual({
      kind: 'listed',
      finetunes: [
        {
          finetuneId: `acme/shoes:${version}`,
          loraUrl: `acme/shoes/${version}`,
          name: 'acme/shoes',
          triggerWord: 'TOK',
        },
        {
          finetuneId: `acme/hats:${version}`,
          loraUrl: `acme/hats/${version}`,
          name: 'acme/hats',
          triggerWord: null,
        },
      ],
    });
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/v1/trainings', '/v1/trainings?cursor=2']);
  });

  it('are not looked for abroad, nor without end', async () => {
    const foreign = await startUpstream();
    onTestFinished(() => foreign.close());
    const { provider, upstream, account } = await startReplicate([
      { body: { results: [], next: `${foreign.origin}/x` } },
    ]);
    expect(await provider.listFinetunes?.(account, never)).toEqual({ kind: 'listed', finetunes: [] });
    expect(foreign.requests).toEqual([]);
    const endless = { body: { results: [training], next: `${upstream.origin}/v1/trainings` } };
    upstream.queue.push(...Array.from({ length: 10 }, () => endless));
    const listed = await provider.listFinetunes?.(account, never);
    expect(listed?.kind === 'listed' ? listed.finetunes.length : null).toBe(10);
  });

  it.each<[Reply, string]>([
    [{ status: 401, body: { detail: 'no' } }, 'refused'],
    [{ status: 404, body: {} }, 'unavailable'],
    [{ status: 500, body: {} }, 'unavailable'],
    [{ body: { results: 7 } }, 'unavailable'],
    [{ cut: 'read' }, 'unavailable'],
  ])('may not be told: %j', async (reply, kind) => {
    const { provider, account } = await startReplicate([reply]);
    expect(await provider.listFinetunes?.(account, never)).toMatchObject({ kind });
  });
});

describe('a binding', () => {
  it.each<[string, { finetuneId?: string; loraUrl?: string }, Reply[], string, string[]]>([
    [
      'a version',
      { finetuneId: `acme/shoes:${version}` },
      [{ body: {} }],
      'valid',
      [`/v1/models/acme/shoes/versions/${version}`],
    ],
    ['a model', { finetuneId: 'acme/shoes' }, [{ body: {} }], 'valid', ['/v1/models/acme/shoes']],
    [
      'a LoRA of a version',
      { loraUrl: `acme/shoes/${version}` },
      [{ body: {} }],
      'valid',
      [`/v1/models/acme/shoes/versions/${version}`],
    ],
    [
      'two of them',
      { finetuneId: 'a/b', loraUrl: 'a/c' },
      [{ body: {} }, { body: {} }],
      'valid',
      ['/v1/models/a/b', '/v1/models/a/c'],
    ],
    ['an unknown one', { finetuneId: 'acme/shoes' }, [{ status: 404, body: {} }], 'invalid', ['/v1/models/acme/shoes']],
    [
      'one that cannot be asked now',
      { finetuneId: 'acme/shoes' },
      [{ status: 500, body: {} }],
      'unknown',
      ['/v1/models/acme/shoes'],
    ],
    ['a version without its model', { finetuneId: version }, [], 'unknown', []],
    ['another provider’s id', { finetuneId: 'my-finetune' }, [], 'unknown', []],
    ['a LoRA elsewhere is not fetched', { loraUrl: 'https://169.254.169.254/latest/meta-data' }, [], 'unknown', []],
    ['nor half of a binding believed', { finetuneId: 'acme/shoes', loraUrl: 'https://x.example/l' }, [], 'unknown', []],
    ['a way out of its place', { finetuneId: '../account' }, [], 'unknown', []],
  ])('%s', async (_, { finetuneId = null, loraUrl = null }, replies, kind, asked) => {
    const { provider, upstream, account } = await startReplicate(replies);
    expect(await provider.checkBinding?.(account, { finetuneId, loraUrl }, never)).toMatchObject({ kind });
    expect(upstream.requests.map(({ url }) => url)).toEqual(asked);
  });
});
