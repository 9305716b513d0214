import { describe, expect, it } from 'vitest';
import { planRoutes, type PlanRequest } from '../../src/domain/plan.js';
import { planRequest, quietFacts } from '../support/choose-route.js';
import { makeModel, makeProfile } from './fakes.js';

const model = makeModel({
  parameters: {
    steps: { kind: 'integer', minimum: 10, maximum: 30, default: 20 },
    guidance: { kind: 'number', minimum: 1, maximum: 5, default: null },
  },
});
const account = { id: 'a', provider: 'bfl', sandbox: false, projects: null, limit: 24 };

function plan(request: Partial<PlanRequest>) {
  const { bindings } = makeProfile();
  const given = planRequest({ control: 'NONE', provider: null, model: null, bindings, ...request });
  return planRoutes({ accounts: [account], models: [model] }, given, quietFacts);
}

describe.each([{ model: null }, { model: model.id }])('with the model %j', (pin) => {
  it('brings near what an earlier generation asked for, and tells it', () => {
    const { routes, refusals } = plan({ ...pin, inherited: { steps: 50, guidance: 2, cannyLowThreshold: 7 } });
    expect(refusals).toEqual([]);
    expect(routes[0]?.way?.parameters).toEqual({ steps: 30, guidance: 2 });
    expect(routes[0]?.way?.adjustments).toMatchObject([
      { parameter: 'steps', asked: 50, sent: 30 },
      { parameter: 'cannyLowThreshold', asked: 7, sent: null },
    ]);
  });

  it('lets what is asked now come first', () => {
    const { routes } = plan({ ...pin, inherited: { steps: 50, guidance: 2 }, asked: { steps: 15, guidance: null } });
    expect(routes[0]?.way).toMatchObject({ parameters: { steps: 15, guidance: 2 }, adjustments: [] });
  });
});

it('refuses what is asked now of a named model, whatever was inherited', () => {
  const { refusals } = plan({ model: model.id, inherited: { guidance: 2 }, asked: { steps: 50 } });
  expect(refusals).toMatchObject([{ code: 'OUT_OF_RANGE', path: ['input', 'steps'] }]);
});
