import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId, publicId } from '../../src/domain/ids.js';
import type { Variables } from '../support/api.js';
import { readBudgets, setBudget, trySetBudget } from '../support/budget-api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});
afterAll(async () => await darkroom.stop());

it('operators set, change and remove budgets; whoever spends may only read its own', async () => {
  const { api, profileId: own } = await darkroom.addProject('reading');
  const wide = await setBudget(darkroom.api, { project: 'reading', limitMicros: 5 });
  const narrow = await setBudget(darkroom.api, {
    project: 'reading',
    profileId: own,
    limitMicros: 3,
    unknownPriceMicros: 1,
  });
  expect(await readBudgets(api)).toEqual([wide, narrow]);
  expect(narrow).toMatchObject({ profileId: own, limitMicros: 3, unknownPriceMicros: 1, everyMonth: true });
  expect(await setBudget(darkroom.api, { project: 'reading', limitMicros: 7 })).toEqual({
    ...wide,
    limitMicros: 7,
    leftMicros: 7,
  });
  const december = await setBudget(darkroom.api, { project: 'reading', month: '2999-12', limitMicros: 9 });
  expect(await readBudgets(api, { month: '2999-12' })).toEqual([december, { ...narrow, month: '2999-12' }]);
  expect(december).toMatchObject({ everyMonth: false, month: '2999-12' });
  expect(await readBudgets(darkroom.api, { project: 'reading' })).toHaveLength(2);

  const forbidden = await api.send('mutation { setBudget(input: { limitMicros: 1 }) { budget { id } } }');
  expect(forbidden.errors[0]?.extensions.code).toBe('FORBIDDEN');
  const removal = 'mutation ($id: ID!) { removeBudget(id: $id) { budgetId userErrors { code } } }';
  expect((await api.send(removal, { id: wide.id })).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await api.send('{ budgets(project: "demo") { id } }')).errors[0]?.extensions.code).toBe('NOT_FOUND');
  expect((await api.send('{ budgets(month: "2026-13") { id } }')).errors[0]?.extensions.code).toBe('BAD_REQUEST');

  const remove = async (id: string) => (await darkroom.api.send(removal, { id })).data;
  expect(await remove(wide.id)).toEqual({ removeBudget: { budgetId: wide.id, userErrors: [] } });
  expect(await remove(wide.id)).toEqual({ removeBudget: { budgetId: null, userErrors: [{ code: 'NOT_FOUND' }] } });
  expect(await readBudgets(api)).toEqual([narrow]);
});

it.each<[string, Variables, unknown]>([
  ['less than nothing', { limitMicros: -1 }, { code: 'OUT_OF_RANGE', path: ['input', 'limitMicros'], minimum: 0 }],
  ['too much', { limitMicros: 1e12 + 1 }, { code: 'OUT_OF_RANGE', path: ['input', 'limitMicros'], maximum: 1e12 }],
  [
    'a price below nothing',
    { limitMicros: 1, unknownPriceMicros: -5 },
    { code: 'OUT_OF_RANGE', path: ['input', 'unknownPriceMicros'], given: '-5' },
  ],
  ['no month', { limitMicros: 1, month: '2026-00' }, { code: 'INVALID', path: ['input', 'month'], given: '2026-00' }],
  ['a day', { limitMicros: 1, month: '2999-01-01' }, { code: 'INVALID', path: ['input', 'month'] }],
  ['a month that is over', { limitMicros: 1, month: '2020-01' }, { code: 'OUT_OF_RANGE', path: ['input', 'month'] }],
  ['no project', { limitMicros: 1, project: 'nobody' }, { code: 'NOT_FOUND', path: ['input', 'project'] }],
  [
    'no profile',
    { limitMicros: 1, profileId: publicId('FinetuneProfile', newId()) },
    { code: 'NOT_FOUND', path: ['input', 'profileId'] },
  ],
])('refuses %s', async (_, wrong, error) => {
  const { budget, userErrors } = await trySetBudget(darkroom.api, wrong);
  expect(budget).toBeNull();
  expect(userErrors).toMatchObject([error]);
});
