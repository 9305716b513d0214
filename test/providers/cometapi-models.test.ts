import { expect, it } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { priceAt } from '../../src/domain/price.js';
import type { Model } from '../../src/domain/model.js';
import { planRoutes, type PlanRequest } from '../../src/domain/plan.js';
import { planRequest, quietFacts } from '../support/choose-route.js';

const models = knownModels().filter(({ provider }) => provider.startsWith('cometapi'));

const responses = 'cometapi-responses';

function find(id: string): Model | undefined {
  return knownModels().find((model) => model.id === id);
}

it('offers exactly these endpoints', () => {
  expect(
    models.map(({ id, control, finetune, lifecycle, prices }) => [
      id,
      control,
      finetune,
      lifecycle.status,
      priceAt(prices, new Date()),
    ]),
  ).toEqual([
    ['cometapi/flux-pro-finetuned', 'NONE', 'ID', 'DEPRECATED', null],
    ['cometapi/flux-pro-1-1-ultra-finetuned', 'NONE', 'ID', 'DEPRECATED', null],
    ['cometapi/flux-pro-1-0-canny-finetuned', 'CANNY', 'ID', 'DEPRECATED', null],
    ['cometapi/flux-pro-1-0-depth-finetuned', 'DEPTH', 'ID', 'DEPRECATED', 96_000],
    ['cometapi/flux-pro-1-0-fill-finetuned', 'FILL', 'ID', 'DEPRECATED', 96_000],
    ['cometapi-responses/flux-pro-finetuned', 'NONE', 'NONE', 'DEPRECATED', null],
    ['cometapi-responses/flux-pro-1-0-canny-finetuned', 'NONE', 'NONE', 'DEPRECATED', null],
  ]);
});

it.each([
  ['cometapi/flux-pro-finetuned', 'bfl/flux-pro-finetuned'],
  ['cometapi/flux-pro-1-1-ultra-finetuned', 'bfl/flux-pro-1.1-ultra-finetuned'],
  ['cometapi/flux-pro-1-0-canny-finetuned', 'bfl/flux-pro-1.0-canny-finetuned'],
  ['cometapi/flux-pro-1-0-fill-finetuned', 'bfl/flux-pro-1.0-fill-finetuned'],
])('%s takes what %s takes', (id, original) => {
  expect(find(id)).toMatchObject({ parameters: find(original)?.parameters, images: find(original)?.images });
});

it('the depth model takes a size besides, as its page shows, and sends none unless asked', () => {
  const size = { kind: 'integer', minimum: 256, maximum: 1440, multipleOf: 32, default: null };
  const original = find('bfl/flux-pro-1.0-depth-finetuned');
  expect(find('cometapi/flux-pro-1-0-depth-finetuned')).toMatchObject({
    parameters: { ...original?.parameters, width: size, height: size },
    images: original?.images,
  });
});

it('/v1/responses takes a prompt alone, and says where everything else goes', () => {
  for (const model of models.filter(({ provider }) => provider === 'cometapi-responses')) {
    expect(model).toMatchObject({ parameters: {}, images: {}, note: expect.stringContaining('provider cometapi') });
    expect(find(model.lifecycle.successor ?? '')).toMatchObject({ provider: 'cometapi', name: model.name });
  }
});

it('every model names its source and the day on which its origin ended it', () => {
  for (const { id, provider, name, lifecycle } of models) {
    expect(id).toBe(`${provider}/${name}`);
    expect(lifecycle.source).toMatch(/expect it to fail$/);
    expect(lifecycle.since).toBe('2025-10-31');
  }
});

it.each<[string, Partial<PlanRequest>, string]>([
  ['a control image', { control: 'CANNY', images: new Set(['controlImage']) }, 'NO_ROUTE input.model'],
  ['an image', { images: new Set(['imagePrompt']) }, 'UNSUPPORTED input.imagePrompt'],
  [
    'a parameter of a named model',
    { model: `${responses}/flux-pro-finetuned`, asked: { steps: 30 } },
    'UNSUPPORTED input.steps',
  ],
  ['a parameter, strictly', { strict: true, asked: { finetuneStrength: 1 } }, 'UNSUPPORTED input.finetuneStrength'],
])('/v1/responses refuses %s before anything is sent, and names the other provider', (_, asked, told) => {
  const account = { id: responses, provider: responses, sandbox: true, limit: 24, projects: null };
  const binding = { provider: responses, finetuneId: 'any', loraUrl: null, triggerWord: null, defaults: {} };
  const request = planRequest({ provider: responses, bindings: [binding], ...asked });
  const { refusals, imageRefusals } = planRoutes({ accounts: [account], models }, request, quietFacts);
  const [refusal] = [...refusals, ...imageRefusals];
  expect(`${refusal?.code} ${refusal?.path.join('.')}`).toBe(told);
  expect(refusal?.message).toContain('go by the provider cometapi');
});
