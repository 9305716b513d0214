import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import type { Model } from '../../src/domain/model.js';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

function withFile(content: unknown): Model[] {
  const path = join(folder, 'models.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return knownModels(path);
}
const id = 'bfl/flux-pro-1.0-canny-finetuned';
const find = (models: readonly Model[], which = id): Model =>
  models.find((model) => model.id === which) ?? expect.fail(`There is no ${which}.`);

it('changes what it names, and leaves the rest as it was', () => {
  const before = find(knownModels());
  const { seed: _seed, ...others } = before.parameters;
  const steps = { kind: 'integer', minimum: 1, maximum: 9, default: 9 } as const;
  const change = { id, priceMicros: 5, lifecycle: { status: 'ACTIVE' }, parameters: { steps, seed: null } };
  expect(find(withFile({ models: [change] }))).toEqual({
    ...before,
    prices: [{ from: null, micros: 5, per: 'IMAGE' }],
    lifecycle: { ...before.lifecycle, status: 'ACTIVE' },
    statusByOperator: true,
    parameters: { ...others, steps },
  });
  expect(withFile({ models: [] })).toEqual(knownModels());
});

it('takes prices by date, of days and of moments', () => {
  const prices = [
    { from: null, micros: 5 },
    { from: '2026-12-01', micros: 6, per: 'MEGAPIXEL' },
    { from: '2027-01-01T12:00:00+01:00', micros: null },
  ];
  expect(find(withFile({ models: [{ id, priceMicros: prices }] })).prices).toEqual([
    { from: null, micros: 5, per: 'IMAGE' },
    { from: new Date('2026-12-01T00:00:00Z'), micros: 6, per: 'MEGAPIXEL' },
    { from: new Date('2027-01-01T11:00:00Z'), micros: null, per: 'IMAGE' },
  ]);
  const other = { id, lifecycle: { status: 'ACTIVE' } };
  expect(find(withFile({ models: [{ id, priceMicros: prices }, other] })).prices).toHaveLength(3);
});

it('marks a status that it says, whichever of its entries says it', () => {
  const { statusByOperator } = find(
    withFile({
      models: [
        { id, lifecycle: { status: 'RETIRED' } },
        { id, priceMicros: 1 },
      ],
    }),
  );
  expect(statusByOperator).toBe(true);
  expect(find(withFile({ models: [{ id, lifecycle: { source: 'a letter' } }] })).statusByOperator).toBeUndefined();
});

it('adds whole models', () => {
  const { provider: _provider, prices: _prices, ...whole } = find(knownModels());
  const models = withFile({ models: [{ ...whole, priceMicros: null, id: 'comfyui/mine', name: 'mine' }] });
  expect(find(models, 'comfyui/mine')).toMatchObject({ provider: 'comfyui', name: 'mine', control: 'CANNY' });
  expect(models).toHaveLength(knownModels().length + 1);
});

it.each<[string, unknown, RegExp]>([
  ['no JSON', '{', /MODELS_FILE .*models\.json: .*JSON/],
  ['no list', {}, /models: /],
  ['no id', { models: [{ priceMicros: 1 }] }, /models\.0\.id/],
  ['an unknown field', { models: [{ id, price: 1 }] }, /models\.0.*price/],
  ['a wrong value', { models: [{ id, priceMicros: -1 }] }, /models\.0\.priceMicros/],
  [
    'prices that go back in time',
    {
      models: [
        {
          id,
          priceMicros: [
            { from: '2026-12-01', micros: 1 },
            { from: '2026-11-01', micros: 1 },
          ],
        },
      ],
    },
    /models\.0\.priceMicros/,
  ],
  ['a day that is none', { models: [{ id, priceMicros: [{ from: '2026-02-30', micros: 1 }] }] }, /priceMicros/],
  [
    'a wrong range',
    { models: [{ id, parameters: { steps: { kind: 'integer' } } }] },
    /models\.0\.parameters\.steps\.minimum/,
  ],
  [
    'half of a new model',
    { models: [{ id: 'bfl/new', name: 'new' }] },
    /MODELS_FILE .*, bfl\/new \(unknown so far, .*whole\): control/,
  ],
])('refuses %s, naming the file and the field', (_, content, message) => {
  expect(() => withFile(content)).toThrow(message);
});
