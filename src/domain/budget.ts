import type { NewGeneration } from './generation.js';
import type { PlannedRoute } from './planned-route.js';
import { refusal, type Refusal } from './refusal.js';

/** What a project may spend in a month (UTC) on the generations accepted in it, with all of its profiles or with one. */
export type Budget = {
  id: string;
  projectId: string;
  /** Null: with all profiles. */
  profileId: string | null;
  /** Its first day; null: every month that has no budget of its own. */
  month: Date | null;
  limitMicros: number;
  /** Reserved for one submit whose price is not known, in micro-USD; null: such are refused. */
  unknownPriceMicros: number | null;
};

/** A budget with what is counted against it in one month. All in micro-USD. */
export type BudgetState = {
  budget: Pick<Budget, 'id' | 'projectId' | 'profileId' | 'limitMicros' | 'unknownPriceMicros'>;
  month: Date;
  /** For what waits or is under way. */
  reservedMicros: number;
  /** For submits of which nobody knows whether they were taken. */
  uncertainMicros: number;
  spentMicros: number;
};

/** A budget as it stands in a month. */
export type BudgetRecord = BudgetState & {
  budget: Budget;
  /** Submits whose price nobody knows: in none of the sums. */
  unpriced: number;
  updatedAt: Date;
};

/** Budgets in the database. */
export type Budgets = {
  /** Those that hold in a month: one for the project, one for each of some profiles. */
  list(projectId: string, month: Date): Promise<BudgetRecord[]>;
  /** Makes one, or changes the one of the same project, profile and month. Counts from now on, with what the month has come to. */
  set(budget: Budget): Promise<{ id: string }>;
  /** False when the project has none such. */
  remove(projectId: string, id: string): Promise<boolean>;
  /** The budget of any project; null when there is none. */
  owner(id: string): Promise<{ projectId: string } | null>;
  /** Counts a month anew from the ledger. Never needed, as far as is known. */
  recount(projectId: string, month: Date): Promise<void>;
  projectBySlug(slug: string): Promise<{ id: string } | null>;
};

/** Why something does not fit in a budget. */
export type Shortfall = {
  code: 'BUDGET_EXCEEDED' | 'PRICE_UNKNOWN';
  state: BudgetState;
  /** Micro-USD; 0 where its price is not known. */
  askedMicros: number;
};

/** A reservation that was found to fit: what is reserved, and by which routes. */
type Fitting = Pick<NewGeneration, 'costReserveMicros' | 'routes'>;

export function isShortfall(value: object): value is Shortfall {
  return 'code' in value && 'state' in value && 'askedMicros' in value;
}

/** Amounts that are given: up to a million US dollars, in micro-USD. */
export const mostMicros = 1_000_000_000_000;

/** What is left; less than nothing where a limit was lowered, or something cost more than its price. */
export function leftOf({ budget, reservedMicros, uncertainMicros, spentMicros }: BudgetState): number {
  return budget.limitMicros - reservedMicros - uncertainMicros - spentMicros;
}

/** The month of a time, as its first moment (UTC). */
export function monthOf(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
}

/** `2026-11`. */
export function monthName(month: Date): string {
  return month.toISOString().slice(0, 7);
}

export type Asking = Pick<
  NewGeneration,
  'id' | 'projectId' | 'profileId' | 'model' | 'account' | 'costEstimatedMicros' | 'costReserveMicros' | 'routes'
>;

/**
 * Holds what is about to be accepted against the budgets, in its order: each row is counted if it fits in all of its budgets.
 * `states` are of the rows' projects and months, and nobody else changes them meanwhile.
 */
export function createJudge(states: readonly BudgetState[]): {
  /** `month`: the one that the row counts in. */
  judge: (row: Asking, month: Date) => Fitting | Shortfall;
} {
  const now = states.map((state) => ({ ...state }));
  return {
    judge(row, month) {
      const own = now.filter(
        ({ budget, month: of }) =>
          of.getTime() === month.getTime() &&
          budget.projectId === row.projectId &&
          (budget.profileId === null || budget.profileId === row.profileId),
      );
      if (own.length === 0) return row;
      const left = Math.min(...own.map(leftOf));
      const fitting = fit(row, own, left);
      if (isShortfall(fitting)) return fitting;
      for (const state of own) state.reservedMicros += fitting.costReserveMicros ?? 0;
      return fitting;
    },
  };
}

/** The same of what is accepted whole or not at all: the first budget that is too small for all of it. */
export function judgeWhole(
  states: readonly BudgetState[],
  rows: readonly { row: Asking; month: Date }[],
): Fitting[] | Shortfall {
  const endless = states.map((state) => ({
    ...state,
    budget: { ...state.budget, limitMicros: Number.MAX_SAFE_INTEGER },
  }));
  const { judge } = createJudge(endless);
  const fitting: Fitting[] = [];
  const asked = new Map<BudgetState, number>();
  for (const { row, month } of rows) {
    const judged = judge(row, month);
    if (isShortfall(judged))
      return { ...judged, state: states.find(({ budget }) => budget.id === judged.state.budget.id) ?? judged.state };
    fitting.push(judged);
    for (const state of states) {
      const { budget } = state;
      const covers =
        budget.projectId === row.projectId && (budget.profileId === null || budget.profileId === row.profileId);
      if (covers && state.month.getTime() === month.getTime()) {
        asked.set(state, (asked.get(state) ?? 0) + (judged.costReserveMicros ?? 0));
      }
    }
  }
  for (const [state, askedMicros] of asked) {
    if (askedMicros > 0 && askedMicros > leftOf(state)) return { code: 'BUDGET_EXCEEDED', state, askedMicros };
  }
  return fitting;
}

/**
 * What a row is to reserve: the dearest of its routes. Those that are dearer than what is left are closed to it, and those of
 * unknown price, unless its budgets say what to reckon for them.
 */
function fit(row: Asking, own: readonly BudgetState[], left: number): Fitting | Shortfall {
  const strict = own.find(({ budget }) => budget.unknownPriceMicros === null);
  const assumed = strict === undefined ? Math.max(...own.map(({ budget }) => budget.unknownPriceMicros ?? 0)) : null;
  const costOf = ({ way }: PlannedRoute): number | null => way?.reserveMicros ?? assumed;
  const taken = row.routes?.find(({ model, account }) => model === row.model && account === row.account);
  const known = row.costEstimatedMicros === null ? null : (taken?.way?.reserveMicros ?? row.costReserveMicros);
  const askedMicros = known ?? assumed;
  if (askedMicros === null) {
    const [state] = strict === undefined ? own : [strict];
    if (state === undefined) throw new Error('What no budget is for is not judged.');
    return { code: 'PRICE_UNKNOWN', state: { ...state }, askedMicros: 0 };
  }
  const short = own.find((state) => askedMicros > 0 && askedMicros > leftOf(state));
  if (short !== undefined) return { code: 'BUDGET_EXCEEDED', state: { ...short }, askedMicros };
  const most = Math.max(left, askedMicros);
  const routes = row.routes?.map((route) => {
    const cost = costOf(route);
    if (route === taken || route.way === null || (cost !== null && cost <= most)) return route;
    return { ...route, way: null, reason: cost === null ? priceUnknown : tooDear };
  });
  const others = routes?.flatMap((route) => (route.way === null || route === taken ? [] : (costOf(route) ?? []))) ?? [];
  return { costReserveMicros: Math.max(askedMicros, ...others), routes: routes ?? null };
}

const priceUnknown = { code: 'PRICE_UNKNOWN', message: 'Its price is not known, and a budget has to be kept.' };
const tooDear = { code: 'BUDGET_EXCEEDED', message: 'A budget had less left than its price.' };

/** What a caller is told. `what`: e.g. `It` or `The 12 cells`. */
export function budgetRefusal({ code, state, askedMicros }: Shortfall, path: readonly string[], what: string): Refusal {
  const { budget, month, reservedMicros, uncertainMicros, spentMicros } = state;
  const name = `the ${budget.profileId === null ? "project's" : "profile's"} budget for ${monthName(month)}`;
  if (code === 'PRICE_UNKNOWN') {
    const message = `Its price is not known, and ${name} does not say what to reserve for that; choose a model whose price is known.`;
    return refusal('PRICE_UNKNOWN', path, message);
  }
  const left = Math.max(0, leftOf(state));
  const message =
    `${what} would take ${askedMicros} micro-USD, and ${name} has ${left} left of ${budget.limitMicros} ` +
    `(${spentMicros} spent, ${reservedMicros} reserved, ${uncertainMicros} uncertain).`;
  // What is reserved may turn out cheaper, or be canceled.
  const retryable = askedMicros <= budget.limitMicros - spentMicros - uncertainMicros;
  return refusal('BUDGET_EXCEEDED', path, message, { maximum: left, given: askedMicros, retryable });
}
