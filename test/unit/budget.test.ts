import { describe, expect, it } from 'vitest';
import {
  budgetRefusal,
  createJudge,
  isShortfall,
  judgeWhole,
  leftOf,
  monthOf,
  type Asking,
  type BudgetState,
} from '../../src/domain/budget.js';
import type { PlannedRoute } from '../../src/domain/planned-route.js';
import { idAt } from './fakes.js';

const month = monthOf(new Date('2026-11-21T12:00:00Z'));
const project = idAt(1);

function state(limitMicros: number, details: Partial<BudgetState['budget']> = {}): BudgetState {
  const budget = {
    id: idAt(2),
    projectId: project,
    profileId: null,
    limitMicros,
    unknownPriceMicros: null,
    ...details,
  };
  return { budget, month, reservedMicros: 0, uncertainMicros: 0, spentMicros: 0 };
}

function asking(micros: number | null, details: Partial<Asking> = {}): Asking {
  const costs = { costEstimatedMicros: micros, costReserveMicros: micros };
  return {
    id: idAt(3),
    projectId: project,
    profileId: idAt(4),
    model: 'a',
    account: 'a',
    routes: null,
    ...costs,
    ...details,
  };
}

function route(model: string, reserveMicros: number | null): PlannedRoute {
  const way = { finetuneId: null, loraUrl: null, triggerWord: null, parameters: {}, adjustments: [], pixels: null };
  const prices = { priceMicros: reserveMicros, reserveMicros };
  return { provider: 'p', model, account: model, way: { ...way, ...prices }, reason: null, timesLeft: 0 };
}

describe('one after the other', () => {
  it('each is counted if it fits, and what is nothing always does', () => {
    const { judge } = createJudge([state(10)]);
    const verdicts = [6, 5, 4, 1, 0].map((micros) => isShortfall(judge(asking(micros), month)));
    expect(verdicts).toEqual([false, true, false, true, false]);
  });

  it('leaves alone what has no budget, in this project, profile or month', () => {
    const { judge } = createJudge([state(1), state(1, { profileId: idAt(9), id: idAt(8) })]);
    const elsewhere = asking(5, { projectId: idAt(7) });
    expect(judge(elsewhere, month)).toBe(elsewhere);
    expect(isShortfall(judge(asking(1), month))).toBe(false);
    expect(isShortfall(judge(asking(5), new Date('2026-12-01T00:00:00Z')))).toBe(false);
  });

  it('tells of the budget that is too small', () => {
    const narrow = state(3, { profileId: idAt(4), id: idAt(8) });
    const verdict = createJudge([state(100), narrow]).judge(asking(5), month);
    expect(verdict).toEqual({ code: 'BUDGET_EXCEEDED', state: narrow, askedMicros: 5 });
  });
});

describe('routes', () => {
  const routes = [route('a', 5), route('b', 8), route('c', 20), route('d', null)];
  const shut = (verdict: ReturnType<ReturnType<typeof createJudge>['judge']>): unknown[] =>
    isShortfall(verdict) ? [] : (verdict.routes ?? []).map(({ way, reason }) => (way === null ? reason?.code : 'open'));

  it('reserve the dearest; those that do not fit, or whose price is unknown, are shut', () => {
    const verdict = createJudge([state(10)]).judge(asking(5, { costReserveMicros: 20, routes }), month);
    expect(verdict).toMatchObject({ costReserveMicros: 8 });
    expect(shut(verdict)).toEqual(['open', 'open', 'BUDGET_EXCEEDED', 'PRICE_UNKNOWN']);
  });

  it('of unknown price stay open where the budget says what to reckon', () => {
    const verdict = createJudge([state(10, { unknownPriceMicros: 9 })]).judge(asking(5, { routes }), month);
    expect(verdict).toMatchObject({ costReserveMicros: 9 });
    expect(shut(verdict)).toEqual(['open', 'open', 'BUDGET_EXCEEDED', 'open']);
  });

  it('are not needed: without a known price it is refused, or reckoned at the most of its budgets', () => {
    expect(createJudge([state(10)]).judge(asking(null), month)).toMatchObject({ code: 'PRICE_UNKNOWN' });
    const both = [state(10, { unknownPriceMicros: 3 }), state(10, { unknownPriceMicros: 7, id: idAt(8) })];
    expect(createJudge(both).judge(asking(null), month)).toMatchObject({ costReserveMicros: 7 });
    expect(createJudge([...both, state(10, { id: idAt(9) })]).judge(asking(null), month)).toMatchObject({
      code: 'PRICE_UNKNOWN',
      state: { budget: { id: idAt(9) } },
    });
  });
});

it('of several together all fit, or the refusal says what they take together', () => {
  const rows = [4, 4, 4].map((micros) => ({ row: asking(micros), month }));
  expect(judgeWhole([state(12)], rows)).toHaveLength(3);
  expect(judgeWhole([state(11)], rows)).toMatchObject({ code: 'BUDGET_EXCEEDED', askedMicros: 12 });
  expect(judgeWhole([state(11)], [])).toEqual([]);
});

it('a refusal names budget, limit, what is left and what was asked, and whether waiting may help', () => {
  const full = { ...state(100), reservedMicros: 50, spentMicros: 30, uncertainMicros: 15 };
  expect(leftOf(full)).toBe(5);
  const short = { code: 'BUDGET_EXCEEDED', state: full, askedMicros: 20 } as const;
  expect(budgetRefusal(short, ['input'], 'It')).toEqual({
    code: 'BUDGET_EXCEEDED',
    path: ['input'],
    message:
      "It would take 20 micro-USD, and the project's budget for 2026-11 has 5 left of 100 (30 spent, 50 reserved, 15 uncertain).",
    minimum: null,
    maximum: 5,
    given: '20',
    retryable: true,
  });
  expect(budgetRefusal({ ...short, askedMicros: 60 }, ['input'], 'It')).toMatchObject({ retryable: false });
  const over = { ...full, spentMicros: 90 };
  expect(budgetRefusal({ ...short, state: over }, ['input'], 'It')).toMatchObject({ maximum: 0, retryable: false });
});
