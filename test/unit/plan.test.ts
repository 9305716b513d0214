import { describe, expect, it } from 'vitest';
import type { Binding } from '../../src/domain/generation.js';
import type { Model } from '../../src/domain/model.js';
import { planRoutes, type Plan, type PlanRequest } from '../../src/domain/plan.js';
import type { RankFacts } from '../../src/domain/rank.js';
import type { Account, Catalogue } from '../../src/domain/route.js';
import { standingKey, type Health } from '../../src/domain/standing.js';
import { keptRoutes } from '../../src/service/plan.js';
import { planRequest, quietFacts } from '../support/choose-route.js';
import { makeModel } from './fakes.js';

const at = new Date('2026-03-01T12:00:00Z');
const accountOf = (id: string): Account => ({ id, provider: id, sandbox: false, limit: 4, projects: null });
function model(id: string, details: Partial<Model> = {}): Model {
  const [provider = '', name = ''] = id.split('/');
  return makeModel({ id, provider, name, ...details });
}
const bound = (provider: string): Binding => ({
  provider,
  finetuneId: 'f',
  loraUrl: null,
  triggerWord: null,
  defaults: {},
});
const priceOf = (micros: number) => [{ from: null, micros, per: 'IMAGE' as const }];
const catalogue: Catalogue = {
  accounts: ['bfl', 'fal', 'comfyui'].map(accountOf),
  models: [model('bfl/a', { prices: priceOf(9) }), model('fal/a', { prices: priceOf(5) }), model('comfyui/a')],
};
const bindings = ['bfl', 'fal', 'comfyui'].map(bound);

function plan(request: Partial<PlanRequest> = {}, facts: Partial<RankFacts> = {}, of = catalogue): Plan {
  return planRoutes(of, planRequest({ bindings, ...request }), { ...quietFacts, ...facts });
}
const order = ({ routes }: Plan): string[] =>
  routes.map(
    ({ provider, way, reason }) =>
      `${provider}${way === null ? ' closed' : ''}${reason === null ? '' : ` ${reason.code}`}`,
  );

const pauseOf = (account: string) =>
  [account, { account, code: 'X', message: 'x', pausedAt: at, probeAt: null }] as const;
const retiredAt = (id: string) =>
  [
    standingKey(id.split('/')[0] ?? '', id),
    { account: id.split('/')[0] ?? '', model: id, since: at, message: 'HTTP 404' },
  ] as const;
const standing = quietFacts.standing;

describe('the order', () => {
  it('is that of the settings, unless the project prefers another', () => {
    expect(order(plan())).toEqual(['bfl', 'fal', 'comfyui']);
    expect(order(plan({}, { policy: { prefer: 'ORDER', providers: ['comfyui'] } }))).toEqual(['comfyui', 'bfl', 'fal']);
    expect(order(plan({}, { policy: { prefer: 'CHEAPEST', providers: [] } }))).toEqual(['fal', 'bfl', 'comfyui']);
    const runMsOf = ({ provider }: Model): number | null => (provider === 'comfyui' ? 1_000 : null);
    expect(order(plan({}, { policy: { prefer: 'FASTEST', providers: ['fal'] }, runMsOf }))).toEqual([
      'comfyui',
      'fal',
      'bfl',
    ]);
  });

  it('puts what mostly fails behind what does not, whatever the policy', () => {
    const health = (attempts: number, succeeded: number): Health => ({
      account: 'bfl',
      model: 'bfl/a',
      attempts,
      succeeded,
      since: at,
      prices: { settled: 0, differed: 0, differenceMicros: 0 },
    });
    const key = standingKey('bfl', 'bfl/a');
    const facts = (of: Health): Partial<RankFacts> => ({
      policy: { prefer: 'ORDER', providers: ['bfl'] },
      standing: { ...standing, health: new Map([[key, of]]) },
    });
    expect(order(plan({}, facts(health(10, 4))))).toEqual(['fal', 'comfyui', 'bfl']);
    // Of few nothing is concluded.
    expect(order(plan({}, facts(health(9, 0))))[0]).toBe('bfl');
    expect(order(plan({}, facts(health(10, 5))))[0]).toBe('bfl');
  });

  it('puts paused accounts behind, and takes one only when there is nothing else', () => {
    const pauses = new Map([pauseOf('bfl'), pauseOf('fal')]);
    expect(order(plan({}, { standing: { ...standing, pauses } }))).toEqual([
      'comfyui',
      'bfl ACCOUNT_PAUSED',
      'fal ACCOUNT_PAUSED',
    ]);
    const all = plan({}, { standing: { ...standing, pauses: new Map([...pauses, pauseOf('comfyui')]) } });
    expect(all.refusals).toEqual([]);
    expect(all.taken?.account.id).toBe('bfl');
  });
});

describe('a model that seems retired', () => {
  const retirements = new Map([retiredAt('bfl/a')]);

  it('is no route, unless it or its provider is named', () => {
    expect(order(plan({}, { standing: { ...standing, retirements } }))).toEqual([
      'fal',
      'comfyui',
      'bfl closed SEEMINGLY_RETIRED',
    ]);
    for (const pin of [{ model: 'bfl/a' }, { provider: 'bfl' }]) {
      expect(plan(pin, { standing: { ...standing, retirements } })).toMatchObject({
        taken: { model: { id: 'bfl/a' } },
        refusals: [],
      });
    }
  });

  it('is told of when there is nothing else', () => {
    const all = new Map(['bfl/a', 'fal/a', 'comfyui/a'].map(retiredAt));
    const { taken, refusals } = plan({}, { standing: { ...standing, retirements: all } });
    expect(taken).toBeNull();
    expect(refusals).toMatchObject([{ code: 'MODEL_RETIRED', retryable: true }]);
    expect(refusals[0]?.message).toContain('bfl/a, fal/a, comfyui/a seems to be retired');
  });
});

describe('what a route is left out for', () => {
  it('is told of each', () => {
    const of: Catalogue = {
      ...catalogue,
      models: [
        model('bfl/a', { images: { controlImage: { required: true } } }),
        model('fal/a', { finetune: 'LORA' }),
        model('comfyui/a', { parameters: { steps: { kind: 'integer', minimum: 1, maximum: 9, default: null } } }),
      ],
    };
    expect(order(plan({ strict: true, asked: { steps: 20 } }, {}, of))).toEqual([
      'bfl closed IMAGES',
      'fal closed NOT_BOUND',
      'comfyui closed STRICT',
    ]);
    // What is nearest to being mended is what the caller hears.
    const { refusals, imageRefusals } = plan({ strict: true, asked: {} }, {}, { ...of, models: of.models.slice(0, 2) });
    expect([...refusals, ...imageRefusals]).toMatchObject([{ code: 'REQUIRED', path: ['input', 'controlImage'] }]);
  });

  it('a strict request goes on to a route that can honour it', () => {
    const steps = (maximum: number) => ({ steps: { kind: 'integer', minimum: 1, maximum, default: null } as const });
    const of = {
      ...catalogue,
      models: [model('bfl/a', { parameters: steps(9) }), model('fal/a', { parameters: steps(50) })],
    };
    expect(order(plan({ asked: { steps: 20 }, strict: true }, {}, of))).toEqual(['fal', 'bfl closed STRICT']);
    expect(plan({ asked: { steps: 20 } }, {}, of).routes[0]?.way).toMatchObject({
      parameters: { steps: 9 },
      adjustments: [{ sent: 9 }],
    });
    expect(plan({ asked: { steps: 20 }, model: 'bfl/a' }, {}, of).refusals).toMatchObject([
      { code: 'OUT_OF_RANGE', maximum: 9 },
    ]);
  });

  it('a parameter of some models only is refused with those that could be named for it', () => {
    const ratio = { aspectRatio: { kind: 'ratio', widest: '21:9', tallest: '9:21', default: '1:1' } } as const;
    const of = { ...catalogue, models: [model('bfl/a'), model('bfl/wide', { parameters: ratio }), model('fal/a')] };
    expect(plan({ asked: { aspectRatio: '16:9' } }, {}, of).refusals).toMatchObject([
      {
        code: 'UNSUPPORTED',
        path: ['input', 'aspectRatio'],
        message: 'bfl/a takes no aspectRatio. Asked for as the model, bfl/wide takes it.',
      },
    ]);
    expect(plan({ asked: { aspectRatio: '16:9' }, model: 'bfl/wide' }, {}, of).refusals).toEqual([]);
    // What nobody takes comes without advice.
    const [alone] = plan({ asked: { aspectRatio: '16:9' } }).refusals;
    expect(alone?.message).toBe('bfl/a takes no aspectRatio.');
  });

  it('another project’s account is not told of at all', () => {
    const [bfl = accountOf('bfl'), ...rest] = catalogue.accounts;
    const of = { ...catalogue, accounts: [{ ...bfl, projects: ['others'] }, ...rest] };
    expect(order(plan({}, {}, of))).toEqual(['fal', 'comfyui']);
    expect(order(plan({ project: 'others' }, {}, of))).toEqual(['bfl', 'fal', 'comfyui']);
  });
});

describe('what is kept of a plan', () => {
  it('is nothing for a single route taken as asked', () => {
    expect(keptRoutes(plan({ provider: 'bfl' }).routes)).toBeNull();
    expect(keptRoutes(plan().routes)).toHaveLength(3);
  });

  it('is the best of each account before a second of any, and not where the profile was never bound', () => {
    const many = Array.from({ length: 12 }, (_, n) => model(`bfl/m${n}`));
    const of = { ...catalogue, models: [...many, model('fal/a'), model('comfyui/a', { finetune: 'LORA' })] };
    const kept = keptRoutes(plan({}, {}, of).routes) ?? [];
    expect(kept).toHaveLength(8);
    expect(kept[0]?.model).toBe('bfl/m0');
    expect(kept.at(-1)?.model).toBe('fal/a');
  });
});
