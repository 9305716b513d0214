import { describe, expect, it } from 'vitest';
import type { Binding } from '../../src/domain/generation.js';
import type { Model, ModelLifecycle } from '../../src/domain/model.js';
import type { PlanRequest } from '../../src/domain/plan.js';
import type { Checked } from '../../src/domain/refusal.js';
import type { Account, Candidate, Catalogue } from '../../src/domain/route.js';
import { chooseRoute } from '../support/choose-route.js';
import { makeModel, refusalsOf, told, valueOf } from './fakes.js';

const bfl: Account = { id: 'bfl', provider: 'bfl', sandbox: false, limit: 24, projects: null };
const sandbox: Account = { ...bfl, id: 'sandbox', sandbox: true };
const fal: Account = { ...bfl, id: 'fal', provider: 'fal' };

const lifecycleOf = (status: ModelLifecycle['status'], successor: string | null = null): ModelLifecycle => ({
  status,
  since: status === 'ACTIVE' ? null : '2025-10-31',
  source: 'a test',
  successor,
});
function model(id: string, details: Partial<Model> = {}): Model {
  const [provider = '', name = ''] = id.split('/');
  return makeModel({ id, provider, name, control: 'CANNY', ...details });
}
const bound = (provider: string): Binding => ({
  provider,
  finetuneId: `${provider}-1`,
  loraUrl: null,
  triggerWord: null,
  defaults: {},
});

const active = model('bfl/active');
const deprecated = model('bfl/deprecated', { lifecycle: lifecycleOf('DEPRECATED') });
const retired = model('bfl/retired', { lifecycle: lifecycleOf('RETIRED', 'bfl/active') });
const plain = model('bfl/plain', { control: 'NONE' });
const atFal = model('fal/active');

function choose(catalogue: Catalogue, request: Partial<PlanRequest> = {}): Checked<Candidate> {
  return chooseRoute(catalogue, { control: 'CANNY', bindings: [bound('bfl')], ...request });
}
const chosen = (...given: Parameters<typeof choose>): string[] => {
  const { account, model: of, binding } = valueOf(choose(...given));
  return [account.id, of.id, binding?.finetuneId ?? ''];
};

describe('without a pin', () => {
  it('takes the model of the right control that the profile is bound for', () => {
    expect(chosen({ accounts: [fal, bfl], models: [plain, atFal, active] })).toEqual(['bfl', 'bfl/active', 'bfl-1']);
  });

  it('takes an active model before a deprecated one, whatever their order', () => {
    expect(chosen({ accounts: [bfl], models: [deprecated, active] })[1]).toBe('bfl/active');
    expect(chosen({ accounts: [bfl], models: [active, deprecated] })[1]).toBe('bfl/active');
  });

  it('takes a deprecated model when there is no other', () => {
    expect(chosen({ accounts: [bfl], models: [retired, deprecated] })[1]).toBe('bfl/deprecated');
  });

  it('takes a deprecated model that the profile is bound for before an active one that it is not', () => {
    const catalogue = { accounts: [fal, bfl], models: [atFal, deprecated] };
    expect(chosen(catalogue)).toEqual(['bfl', 'bfl/deprecated', 'bfl-1']);
  });

  it('takes the first account in the order of the settings', () => {
    const second = { ...bfl, id: 'bfl-2' };
    expect(chosen({ accounts: [second, bfl], models: [active] })[0]).toBe('bfl-2');
  });

  it('never takes a retired model, and names all of them with their successors', () => {
    const other = model('bfl/other', { lifecycle: lifecycleOf('RETIRED', 'bfl/new') });
    const [refusal] = refusalsOf(choose({ accounts: [bfl], models: [retired, other] }));
    expect(refusal).toMatchObject({ code: 'MODEL_RETIRED', path: ['input', 'model'] });
    for (const part of ['bfl/retired', 'bfl/other', '2025-10-31', 'bfl/active', 'bfl/new']) {
      expect(refusal?.message).toContain(part);
    }
  });

  it('names what the profile is bound for and what was retired, before what it could be bound for', () => {
    const gone = model('bfl/gone', { lifecycle: lifecycleOf('RETIRED', 'bfl/retired') });
    const [refusal] = refusalsOf(choose({ accounts: [bfl, fal], models: [retired, gone, atFal] }));
    expect(refusal).toMatchObject({ code: 'MODEL_RETIRED', path: ['input', 'model'] });
    expect(refusal?.message).toBe(
      'bfl/retired was retired by its provider on 2025-10-31; its successor is bfl/active. ' +
        // What is gone itself is no way out.
        'bfl/gone was retired by its provider on 2025-10-31; it has no successor there. ' +
        'Bound to fal by bindProfile, the profile could go there.',
    );
  });

  it('says so when no model has this kind of control', () => {
    const checked = choose({ accounts: [bfl], models: [plain] }, { control: 'DEPTH' });
    expect(refusalsOf(checked)).toMatchObject([{ code: 'NO_ROUTE', message: 'No model here takes control DEPTH.' }]);
  });

  it('says which providers to bind when the profile is bound for none of them', () => {
    const checked = choose({ accounts: [bfl, fal], models: [active, atFal] }, { bindings: [bound('replicate')] });
    expect(told(checked)).toEqual(['NO_ROUTE input.profileId']);
    expect(refusalsOf(checked)[0]?.message).toContain('bfl, fal');
    expect(told(choose({ accounts: [bfl], models: [active] }, { bindings: [] }))).toEqual(['NO_ROUTE input.profileId']);
  });
});

describe('a pin', () => {
  const catalogue = { accounts: [bfl, fal], models: [active, deprecated, retired, plain, atFal] };
  const bindings = [bound('bfl'), bound('fal')];

  it('of a provider is kept', () => {
    expect(chosen(catalogue, { provider: 'fal', bindings })).toEqual(['fal', 'fal/active', 'fal-1']);
  });

  it.each(['bfl/deprecated', 'deprecated'])('of a model (%s) is kept, even before an active one', (pinned) => {
    expect(chosen(catalogue, { model: pinned })[1]).toBe('bfl/deprecated');
  });

  it('of both provider and model is kept', () => {
    expect(chosen(catalogue, { provider: 'fal', model: 'active', bindings })[1]).toBe('fal/active');
  });

  it('of an unknown provider is refused and names those there are', () => {
    const checked = choose({ ...catalogue, accounts: [bfl, sandbox, fal] }, { provider: 'comfyui' });
    expect(refusalsOf(checked)).toMatchObject([
      {
        code: 'NO_ROUTE',
        path: ['input', 'provider'],
        message: 'No account of provider comfyui is configured here; there are: bfl, fal.',
        given: 'comfyui',
      },
    ]);
  });

  it('of a provider without an account is refused, though its models are known', () => {
    expect(told(choose({ ...catalogue, accounts: [bfl] }, { provider: 'fal' }))).toEqual(['NO_ROUTE input.provider']);
  });

  it.each([
    [{ model: 'bfl/unknown' }],
    [{ model: '' }],
    [{ model: 'BFL/active' }],
    [{ provider: 'bfl', model: 'fal/active' }],
  ])('of no model here is refused: %j', (pin) => {
    expect(told(choose(catalogue, pin))).toEqual(['NO_ROUTE input.model']);
  });

  it('of a model that is known says why it cannot be had', () => {
    const [elsewhere] = refusalsOf(choose(catalogue, { provider: 'bfl', model: 'fal/active' }));
    expect(elsewhere?.message).toBe('fal/active is no model of provider bfl.');
    const [unconfigured] = refusalsOf(choose({ ...catalogue, accounts: [bfl] }, { model: 'fal/active' }));
    expect(unconfigured?.message).toBe('No account of provider fal is configured here.');
  });

  it('of a model of another control is refused', () => {
    expect(refusalsOf(choose(catalogue, { model: 'bfl/plain' }))).toMatchObject([
      { code: 'NO_ROUTE', path: ['input', 'model'], message: 'bfl/plain does not do this kind of control.' },
    ]);
  });

  it('of a retired model is refused on a real account, naming its successor', () => {
    const [refusal] = refusalsOf(choose(catalogue, { model: 'bfl/retired' }));
    expect(refusal).toMatchObject({ code: 'MODEL_RETIRED', retryable: false });
    expect(refusal?.message).toBe(
      'bfl/retired was retired by its provider on 2025-10-31; its successor is bfl/active.',
    );
  });

  it('of a retired model without a successor says that there is none', () => {
    const gone = model('bfl/gone', { lifecycle: { ...lifecycleOf('RETIRED'), since: null } });
    const [refusal] = refusalsOf(choose({ accounts: [bfl], models: [gone] }, { model: 'gone' }));
    expect(refusal?.message).toBe('bfl/gone was retired by its provider; it has no successor there.');
  });

  it('of a provider that the profile is not bound for is refused', () => {
    expect(told(choose(catalogue, { provider: 'fal' }))).toEqual(['NO_ROUTE input.profileId']);
  });
});

describe('a sandbox account', () => {
  it('still runs retired models', () => {
    expect(chosen({ accounts: [sandbox], models: [retired] })).toEqual(['sandbox', 'bfl/retired', 'bfl-1']);
  });

  it('ranks all models alike, so that the first in the catalogue is taken', () => {
    expect(chosen({ accounts: [sandbox], models: [retired, active] })[1]).toBe('bfl/retired');
  });

  it('goes by the operator’s own word', () => {
    const said = { statusByOperator: true } as const;
    const models = [{ ...retired, ...said }, { ...deprecated, ...said }, active];
    expect(chosen({ accounts: [sandbox], models })[1]).toBe('bfl/active');
    expect(told(choose({ accounts: [sandbox], models: models.slice(0, 1) }))).toEqual(['MODEL_RETIRED input.model']);
  });

  it('beside a real one is the only way to a retired model', () => {
    expect(chosen({ accounts: [bfl, sandbox], models: [retired] })[0]).toBe('sandbox');
  });
});

it('without any account nothing has a route', () => {
  expect(told(choose({ accounts: [], models: [active] }))).toEqual(['NO_ROUTE input.provider']);
});

describe('a model that cannot be told of a finetune', () => {
  const note = 'Images go by the provider bfl.';
  const bare = model('fal/bare', { finetune: 'NONE', note });
  const lora = { ...bound('fal'), finetuneId: null, loraUrl: 'https://weights.example/x' };

  it.each([[bound('fal')], [lora]])('is taken with any binding when it is named', (binding) => {
    const catalogue = { accounts: [bfl, fal], models: [active, bare] };
    expect(valueOf(choose(catalogue, { provider: 'fal', bindings: [binding] })).model.id).toBe('fal/bare');
    expect(valueOf(choose(catalogue, { model: 'fal/bare', bindings: [binding] })).model.id).toBe('fal/bare');
    expect(told(choose(catalogue, { provider: 'fal', bindings: [bound('bfl')] }))).toEqual([
      'NO_ROUTE input.profileId',
    ]);
  });

  it('is not taken by itself: the picture would be another than was meant', () => {
    const catalogue = { accounts: [fal, bfl], models: [bare, deprecated] };
    expect(chosen(catalogue, { bindings: [bound('bfl'), bound('fal')] })[1]).toBe('bfl/deprecated');
    // A name without its provider may be that of several models.
    for (const pinned of [null, 'bare']) {
      const checked = choose({ accounts: [fal], models: [bare] }, { model: pinned, bindings: [bound('fal')] });
      expect(told(checked)).toEqual(['NO_ROUTE input.model']);
    }
  });

  it('says where to go for another kind of control, to those who named it', () => {
    const catalogue = { accounts: [bfl, fal], models: [active, bare] };
    const [pinned] = refusalsOf(choose(catalogue, { control: 'DEPTH', provider: 'fal' }));
    expect(pinned?.message).toBe(`No model here takes control DEPTH. ${note}`);
    const [free] = refusalsOf(choose(catalogue, { control: 'DEPTH' }));
    expect(free?.message).toBe('No model here takes control DEPTH.');
  });
});
