import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { callerRules } from '../../src/domain/caller-rules.js';
import { parameterNames, type Model, type ParameterRule, type ParameterValue } from '../../src/domain/model.js';
import { checkAsked, resolveParameters, type AskedParameters } from '../../src/domain/parameters.js';
import { strongestWishes, translate, type Translated } from '../../src/domain/translate.js';
import { makeModel } from './fakes.js';

const side = (minimum: number, maximum: number, multipleOf: number, byDefault: number): ParameterRule => ({
  kind: 'integer',
  minimum,
  maximum,
  multipleOf,
  default: byDefault,
});
const narrow = makeModel({
  id: 'other/narrow',
  parameters: {
    guidance: { kind: 'number', minimum: 0, maximum: 5, default: 3 },
    steps: { kind: 'integer', minimum: 4, maximum: 8, default: 8 },
    seed: { kind: 'integer', minimum: 0, maximum: 99, default: null },
    safetyTolerance: { kind: 'integer', minimum: 1, maximum: 5, default: 2 },
    outputFormat: { kind: 'choice', values: ['png', 'jpeg'], default: 'png' },
    width: side(512, 1024, 64, 1024),
    height: side(512, 1024, 64, 1024),
  },
});
const framed = makeModel({
  id: 'other/framed',
  parameters: { aspectRatio: { kind: 'choice', values: ['1:1', '16:9', '4:3', '9:16'], default: '1:1' } },
});

function ask(
  model: Model,
  INPUT: AskedParameters,
  rest: { BINDING?: AskedParameters; PROFILE?: AskedParameters } = {},
): Translated {
  return translate(model, strongestWishes({ INPUT, ORIGINAL: {}, BINDING: {}, PROFILE: {}, ...rest }));
}
const adjusted = (of: Translated): unknown[] =>
  of.adjustments.map(({ parameter, asked, sent, source }) => [parameter, asked, sent, source]);

describe('a wish that the model does not take as it is', () => {
  it.each<[string, AskedParameters, ParameterValue | null]>([
    ['guidance', { guidance: 30 }, 5],
    ['steps', { steps: 50 }, 8],
    ['steps', { steps: 1 }, 4],
    ['safetyTolerance', { safetyTolerance: 0 }, 1],
    ['safetyTolerance', { safetyTolerance: 6 }, 5],
    ['outputFormat', { outputFormat: 'webp' }, 'png'],
    ['seed', { seed: 1234 }, 34],
    ['seed', { seed: -1 }, 99],
    ['seed', { seed: Number.MIN_SAFE_INTEGER }, 9],
    ['cannyLowThreshold', { cannyLowThreshold: 20 }, null],
    ['promptUpsampling', { promptUpsampling: true }, null],
  ])('%s of %j is sent as %s, and told', (name, asked, sent) => {
    const translated = ask(narrow, asked);
    const [given] = Object.values(asked);
    expect(adjusted(translated)).toEqual([[name, given, sent, 'INPUT']]);
    expect(Object.entries(translated.parameters).find(([each]) => each === name)?.[1]).toBe(sent ?? undefined);
    expect(translated.adjustments[0]?.reason).toContain('other/narrow');
  });

  it('is not told when to leave it out changes nothing', () => {
    expect(ask(narrow, { promptUpsampling: false }).adjustments).toEqual([]);
  });
});

describe('sizes', () => {
  it('keep their ratio when a side is too long or too short', () => {
    expect(ask(narrow, { width: 1440, height: 720 })).toMatchObject({
      parameters: { width: 1024, height: 512 },
      adjustments: [
        { parameter: 'width', asked: 1440, sent: 1024 },
        { parameter: 'height', asked: 720, sent: 512 },
      ],
    });
  });

  it('that fit are sent as they are', () => {
    expect(ask(narrow, { width: 512, height: 768 })).toMatchObject({
      parameters: { width: 512, height: 768 },
      adjustments: [],
    });
  });

  it('become the nearest ratio for a model that goes by ratios', () => {
    const translated = ask(framed, { width: 1344, height: 768 });
    expect(translated.parameters).toEqual({ aspectRatio: '16:9' });
    expect(adjusted(translated)).toEqual([
      ['width', 1344, null, 'INPUT'],
      ['height', 768, null, 'INPUT'],
    ]);
  });

  it('are made from a ratio for a model that goes by sides', () => {
    const translated = ask(narrow, { aspectRatio: '16:9' });
    expect(translated.parameters).toMatchObject({ width: 1024, height: 576 });
    expect(adjusted(translated)).toEqual([['aspectRatio', '16:9', null, 'INPUT']]);
  });

  it("of the request go before the profile's, in whatever form they are", () => {
    const byRatio = ask(narrow, { aspectRatio: '1:1' }, { PROFILE: { width: 512, height: 1024 } });
    expect(byRatio.parameters).toMatchObject({ width: 1024, height: 1024 });
    const bySides = ask(framed, { width: 768, height: 1344 }, { PROFILE: { aspectRatio: '1:1' } });
    expect(bySides.parameters).toEqual({ aspectRatio: '9:16' });
    expect(ask(narrow, { width: 512, height: 512 }, { PROFILE: { aspectRatio: '16:9' } }).adjustments).toEqual([]);
  });
});

describe('a default', () => {
  it('of the profile that the model has no parameter for is left out in silence', () => {
    expect(ask(narrow, {}, { PROFILE: { cannyLowThreshold: 9 } }).adjustments).toEqual([]);
  });

  it('of the profile whose value is changed is told, with where it came from', () => {
    const translated = ask(narrow, {}, { BINDING: { steps: 30 }, PROFILE: { guidance: 9 } });
    expect(adjusted(translated)).toEqual([
      ['steps', 30, 8, 'BINDING'],
      ['guidance', 9, 5, 'PROFILE'],
    ]);
  });

  it("of the model is nobody's wish", () => {
    expect(ask(narrow, {})).toEqual({
      parameters: { guidance: 3, steps: 8, safetyTolerance: 2, outputFormat: 'png', width: 1024, height: 1024 },
      adjustments: [],
    });
  });
});

/** Anything that a caller may ask of the control kind. */
function withinRules(control: Model['control']): fc.Arbitrary<AskedParameters> {
  const rules = Object.entries(callerRules[control]);
  const valueOf = (rule: ParameterRule): fc.Arbitrary<ParameterValue> => {
    switch (rule.kind) {
      case 'integer': {
        const { minimum, maximum, multipleOf = 1 } = rule;
        return fc.maxSafeInteger().map((n) => {
          const count = BigInt(Math.floor(maximum / multipleOf)) - BigInt(Math.ceil(minimum / multipleOf)) + 1n;
          const place = BigInt(Math.abs(n)) % count;
          return Number(BigInt(Math.ceil(minimum / multipleOf)) + place) * multipleOf;
        });
      }
      case 'number':
        return fc.double({ min: rule.minimum, max: rule.maximum, noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'choice':
        return fc.constantFrom(...rule.values);
      case 'ratio':
        return fc.constantFrom('16:9', '1:1', '9:21');
    }
  };
  const entries = rules.map(([name, rule]) => [name, fc.option(valueOf(rule))] as const);
  return fc.record(Object.fromEntries(entries));
}

describe('whatever a caller may ask', () => {
  const models = knownModels();

  it.each(models.map((model) => [model.id, model] as const))(
    '%s can be sent, and what is not exact is told',
    (_, model) => {
      const check = (asked: AskedParameters): void => {
        expect(checkAsked(model, callerRules[model.control], { values: asked, path: ['input'] })).toEqual([]);
        const { parameters, adjustments } = ask(model, asked);
        const path = { path: ['sent'] };
        // Crossed thresholds are the caller's own; everything else is within the model's rules.
        const sent = resolveParameters(model, { values: parameters, ...path });
        expect(sent.ok || sent.refusals.every(({ message }) => message.includes('is above'))).toBe(true);
        for (const name of parameterNames) {
          const wish = asked[name] ?? null;
          const changes = adjustments.filter(({ parameter }) => parameter === name);
          const kept = wish === null || parameters[name] === wish || wish === false;
          expect({ name, told: changes.length }).toEqual({ name, told: kept ? 0 : 1 });
        }
        // What was brought near is taken as it is the next time.
        expect(ask(model, parameters).adjustments).toEqual([]);
      };
      fc.assert(fc.property(withinRules(model.control), check), { seed: 20_260_301, numRuns: 60 });
    },
  );
});
