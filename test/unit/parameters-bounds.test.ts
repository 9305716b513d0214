import { describe, expect, it } from 'vitest';
import { parameterNames, type ParameterRule, type ParameterValue } from '../../src/domain/model.js';
import { checkParameter } from '../../src/domain/parameters.js';
import { knownModels } from '../../src/catalogue/catalogue.js';

type Case = readonly [given: ParameterValue, outcome: 'taken' | 'INVALID' | 'OUT_OF_RANGE'];

const models = knownModels().filter(({ provider }) => provider === 'bfl');

function numberCases(rule: Extract<ParameterRule, { kind: 'number' }>): Case[] {
  const { minimum, maximum } = rule;
  return [
    [minimum, 'taken'],
    [maximum, 'taken'],
    [minimum + 0.001, 'taken'],
    [maximum - 0.001, 'taken'],
    [minimum - 0.001, 'OUT_OF_RANGE'],
    [maximum + 0.001, 'OUT_OF_RANGE'],
    [-1e9, 'OUT_OF_RANGE'],
    [Number.NaN, 'INVALID'],
    [Infinity, 'INVALID'],
    [-Infinity, 'INVALID'],
    [String(maximum), 'INVALID'],
    ['', 'INVALID'],
    [true, 'INVALID'],
  ];
}

function integerCases(rule: Extract<ParameterRule, { kind: 'integer' }>): Case[] {
  const { minimum, maximum, multipleOf, special } = rule;
  const step = multipleOf ?? 1;
  const whole: Case[] = [
    [minimum, 'taken'],
    [maximum, 'taken'],
    [minimum + step, 'taken'],
    [maximum - step, 'taken'],
    [minimum - 1, 'OUT_OF_RANGE'],
    [maximum + 1, 'OUT_OF_RANGE'],
    [minimum - step, 'OUT_OF_RANGE'],
    [maximum + step, 'OUT_OF_RANGE'],
    [Math.trunc((minimum + maximum) / 2) + 0.5, 'INVALID'],
    [Number.NaN, 'INVALID'],
    [Infinity, 'INVALID'],
    [String(minimum), 'INVALID'],
    [false, 'INVALID'],
  ];
  const between: Case[] =
    multipleOf === undefined
      ? []
      : [
          [minimum + 1, 'INVALID'],
          [maximum - 1, 'INVALID'],
          [minimum + multipleOf / 2, 'INVALID'],
        ];
  const aroundSpecial: Case[] =
    special === undefined
      ? []
      : [
          [special, 'taken'],
          [special - 1, 'OUT_OF_RANGE'],
          [special + 1, 'OUT_OF_RANGE'],
        ];
  return [...whole, ...between, ...aroundSpecial];
}

function choiceCases(rule: Extract<ParameterRule, { kind: 'choice' }>): Case[] {
  return [
    ...rule.values.map((value): Case => [value, 'taken']),
    ...rule.values.map((value): Case => [value.toUpperCase(), 'INVALID']),
    ...rule.values.map((value): Case => [` ${value}`, 'INVALID']),
    ['gif', 'INVALID'],
    ['', 'INVALID'],
    [0, 'INVALID'],
    [true, 'INVALID'],
  ];
}

// Written for 21:9 to 9:21, the only ratio there is; the test says so when another one comes.
const ratioCases: readonly Case[] = [
  ['21:9', 'taken'],
  ['9:21', 'taken'],
  ['7:3', 'taken'],
  ['42:18', 'taken'],
  ['1:1', 'taken'],
  ['2333:1000', 'taken'],
  ['2334:1000', 'OUT_OF_RANGE'],
  ['1000:2334', 'OUT_OF_RANGE'],
  ['22:9', 'OUT_OF_RANGE'],
  ['9:22', 'OUT_OF_RANGE'],
  ['9999:1', 'OUT_OF_RANGE'],
  ['0:1', 'INVALID'],
  ['1:0', 'INVALID'],
  ['16/9', 'INVALID'],
  ['16:9:1', 'INVALID'],
  ['1.5:1', 'INVALID'],
  ['-16:9', 'INVALID'],
  ['16:9 ', 'INVALID'],
  ['16:9\n', 'INVALID'],
  ['12345:9999', 'INVALID'],
  ['', 'INVALID'],
  [1.5, 'INVALID'],
  [true, 'INVALID'],
];

function casesOf(rule: ParameterRule): readonly Case[] {
  switch (rule.kind) {
    case 'integer':
      return integerCases(rule);
    case 'number':
      return numberCases(rule);
    case 'choice':
      return choiceCases(rule);
    case 'boolean':
      return [true, false, 'true', 'false', '', 0, 1].map((given) => [
        given,
        typeof given === 'boolean' ? 'taken' : 'INVALID',
      ]);
    case 'ratio':
      return ratioCases;
  }
}

function outcomeOf(rule: ParameterRule, given: ParameterValue): string {
  const [refusal, ...more] = checkParameter(rule, given, ['input', 'it']);
  if (more.length > 0) return 'told twice';
  return refusal?.code ?? 'taken';
}

describe.each(models.map((model) => [model.id, model] as const))('%s', (_, model) => {
  const rules = parameterNames.flatMap((name) => {
    const rule = model.parameters[name];
    return rule === undefined ? [] : [[name, rule] as const];
  });

  it.each(rules)('takes of %s what its rule allows, to the very bounds, and nothing beside it', (_name, rule) => {
    const cases = casesOf(rule);
    expect(cases.map(([given]) => [given, outcomeOf(rule, given)])).toEqual(cases);
  });

  it.each(rules)('has a default of %s that its own rule allows, or none', (_name, rule) => {
    expect(rule.default === null ? [] : checkParameter(rule, rule.default, ['it'])).toEqual([]);
  });
});

it('the ratios that were tried are those of every model with a ratio', () => {
  const rules = models.flatMap((model) => Object.values(model.parameters)).filter((rule) => rule.kind === 'ratio');
  expect(rules.length).toBeGreaterThan(0);
  for (const rule of rules) expect(rule).toMatchObject({ widest: '21:9', tallest: '9:21' });
});

it('a refused number tells its bounds and what was given', () => {
  const rule: ParameterRule = { kind: 'integer', minimum: 64, maximum: 2048, special: 0, default: null };
  expect(checkParameter(rule, 63, ['input', 'width'])).toEqual([
    {
      code: 'OUT_OF_RANGE',
      message: 'width must be from 64 to 2048, or 0; 63 was given.',
      path: ['input', 'width'],
      minimum: 64,
      maximum: 2048,
      given: '63',
      retryable: false,
    },
  ]);
});

it('the special value 0 means automatic size on klein only', () => {
  const withSpecial = models.filter(
    (model) => outcomeOf(model.parameters.width ?? { kind: 'boolean', default: true }, 0) === 'taken',
  );
  expect(withSpecial.map((model) => model.name).every((name) => name.startsWith('flux-2-klein-'))).toBe(true);
  expect(withSpecial.length).toBeGreaterThan(0);
});
