import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parameterNames, type Model, type ParameterRule, type ParameterValue } from '../../src/domain/model.js';
import { resolveParameters, type AskedParameters } from '../../src/domain/parameters.js';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { makeModel, told, valueOf } from './fakes.js';

const models = knownModels().filter(({ provider }) => provider === 'bfl');
const canny = makeModel({
  id: 'bfl/canny',
  parameters: {
    steps: { kind: 'integer', minimum: 15, maximum: 50, default: 50 },
    seed: { kind: 'integer', minimum: 0, maximum: 100, default: null },
    cannyLowThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 50 },
    cannyHighThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 200 },
  },
});

type Sources = { request?: AskedParameters; binding?: AskedParameters; profile?: AskedParameters };

function resolve(
  model: Model,
  { request = {}, binding = {}, profile = {} }: Sources,
): ReturnType<typeof resolveParameters> {
  return resolveParameters(
    model,
    { values: request, path: ['input'] },
    { values: binding, path: ['binding'] },
    { values: profile, path: ['profile'] },
  );
}

describe('where a parameter comes from', () => {
  it.each(models.map((model) => [model.id, model] as const))('%s sends its defaults when nobody asks', (_, model) => {
    const defaults = Object.entries(model.parameters).flatMap(([name, rule]) =>
      rule.default === null ? [] : [[name, rule.default] as const],
    );
    expect(valueOf(resolve(model, {}))).toEqual(Object.fromEntries(defaults));
  });

  it.each([
    ['the request before all', { request: { steps: 20 }, binding: { steps: 30 }, profile: { steps: 40 } }, 20],
    ['the binding before the profile', { binding: { steps: 30 }, profile: { steps: 40 } }, 30],
    ['the profile before the model', { profile: { steps: 40 } }, 40],
    ['the model at last', {}, 50],
    ['null as not given', { request: { steps: null }, binding: { steps: null }, profile: { steps: 40 } }, 40],
    ['undefined as not given', { request: { steps: undefined }, binding: { steps: 30 } }, 30],
  ] as const)('takes %s', (_, sources: Sources, steps) => {
    expect(valueOf(resolve(canny, sources)).steps).toBe(steps);
  });

  it('takes 0 and the lowest values as given, not as absent', () => {
    const value = valueOf(resolve(canny, { request: { seed: 0, cannyLowThreshold: 0 }, profile: { seed: 7 } }));
    expect(value).toMatchObject({ seed: 0, cannyLowThreshold: 0 });
  });

  it('leaves out what has no default and was not asked for', () => {
    expect(valueOf(resolve(canny, {}))).not.toHaveProperty('seed');
  });

  it('names the place of a wrong value, also when it is a default', () => {
    expect(told(resolve(canny, { request: { steps: 1 } }))).toEqual(['OUT_OF_RANGE input.steps']);
    expect(told(resolve(canny, { binding: { steps: 1 } }))).toEqual(['OUT_OF_RANGE binding.steps']);
    expect(told(resolve(canny, { profile: { steps: 1 } }))).toEqual(['OUT_OF_RANGE profile.steps']);
  });

  it('does not check a default that was overruled', () => {
    expect(valueOf(resolve(canny, { request: { steps: 20 }, profile: { steps: 1 } })).steps).toBe(20);
  });

  it('tells everything that is wrong at once', () => {
    const checked = resolve(canny, {
      request: { steps: 51, seed: 0.5, width: 1024 },
      profile: { cannyHighThreshold: 501 },
    });
    expect(told(checked)).toEqual([
      'UNSUPPORTED input.width',
      'OUT_OF_RANGE input.steps',
      'INVALID input.seed',
      'OUT_OF_RANGE profile.cannyHighThreshold',
    ]);
  });
});

describe('a parameter that the model does not take', () => {
  it('is refused when the caller asked for it', () => {
    expect(told(resolve(canny, { request: { aspectRatio: '1:1' } }))).toEqual(['UNSUPPORTED input.aspectRatio']);
  });

  it('is left out when it is only a default of the profile or the binding', () => {
    const value = valueOf(resolve(canny, { binding: { width: 512 }, profile: { aspectRatio: '1:1' } }));
    expect(value).not.toHaveProperty('width');
    expect(value).not.toHaveProperty('aspectRatio');
  });

  it('may be null in the request', () => {
    expect(resolve(canny, { request: { aspectRatio: null } }).ok).toBe(true);
  });
});

describe('canny thresholds', () => {
  it.each([
    ['both asked for', 'Low', { request: { cannyLowThreshold: 300, cannyHighThreshold: 299 } }],
    ['the low one above the default of the model', 'Low', { request: { cannyLowThreshold: 201 } }],
    ['the high one below the default of the model', 'High', { request: { cannyHighThreshold: 49 } }],
    ['one from the profile', 'Low', { request: { cannyLowThreshold: 100 }, profile: { cannyHighThreshold: 99 } }],
    [
      'the other one from the profile',
      'High',
      { request: { cannyHighThreshold: 99 }, profile: { cannyLowThreshold: 100 } },
    ],
    ['none from the request', 'High', { binding: { cannyLowThreshold: 100 }, profile: { cannyHighThreshold: 99 } }],
  ] as const)('that cross are refused: %s', (_, which, sources: Sources) => {
    expect(told(resolve(canny, sources))).toEqual([`INVALID input.canny${which}Threshold`]);
  });

  it('may be equal', () => {
    expect(resolve(canny, { request: { cannyLowThreshold: 200 } }).ok).toBe(true);
  });
});

/** The rules once more, written independently of the code under test. */
function obeys(rule: ParameterRule, value: ParameterValue): boolean {
  if (rule.kind === 'boolean') return value === true || value === false;
  if (rule.kind === 'choice') return rule.values.some((each) => each === value);
  if (rule.kind === 'ratio') {
    const [width, height, ...rest] = typeof value === 'string' && /^[\d:]+$/.test(value) ? value.split(':') : [];
    if (width === undefined || height === undefined || rest.length > 0 || width === '' || height === '') return false;
    const [w, h] = [Number(width), Number(height)];
    return w > 0 && h > 0 && w * 9 <= h * 21 && w * 21 >= h * 9;
  }
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (rule.kind === 'number') return rule.minimum <= value && value <= rule.maximum;
  if (value === rule.special) return true;
  return (
    Number.isInteger(value) && rule.minimum <= value && value <= rule.maximum && value % (rule.multipleOf ?? 1) === 0
  );
}

const anyValue = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<ParameterValue>(0, 1, 2, 5, 6, 15, 50, 64, 200, 256, 500, 512, 1024, 1440, 2048),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<ParameterValue>('jpeg', 'png', 'webp', '16:9', '21:9', '9:21', '1:1', '3:1'),
  },
  { weight: 2, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
);
/** Mostly sparse, so that whole sets pass often enough. */
const anySource: fc.Arbitrary<AskedParameters> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...parameterNames), fc.option(anyValue)), {
    selector: ([name]) => name,
    maxLength: 2,
  })
  .map((entries) => Object.fromEntries(entries));

describe('whatever is asked', () => {
  it('a resolved set satisfies every rule, and a refused one broke one', () => {
    let taken = 0;
    const check = (
      model: Model,
      request: AskedParameters,
      binding: AskedParameters,
      profile: AskedParameters,
    ): void => {
      const checked = resolve(model, { request, binding, profile });
      const wanted: Record<string, ParameterValue> = {};
      let good = true;
      for (const name of parameterNames) {
        const rule = model.parameters[name];
        const value = request[name] ?? binding[name] ?? profile[name] ?? rule?.default ?? null;
        if (rule === undefined) good &&= (request[name] ?? null) === null;
        else if (value !== null) {
          wanted[name] = value;
          good &&= obeys(rule, value);
        }
      }
      const [low, high] = [wanted['cannyLowThreshold'] ?? 0, wanted['cannyHighThreshold'] ?? 500];
      if (typeof low === 'number' && typeof high === 'number') good &&= low <= high;
      expect(checked.ok).toBe(good);
      if (!checked.ok) return;
      taken += 1;
      expect(checked.value).toEqual(wanted);
    };
    fc.assert(fc.property(fc.constantFrom(...models), anySource, anySource, anySource, check), {
      seed: 20_260_301,
      numRuns: 3_000,
    });
    expect(taken).toBeGreaterThan(300);
  });
});
