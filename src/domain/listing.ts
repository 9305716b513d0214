import type { GenerationFilter } from './generation-filter.js';

/** A range of whole numbers, both ends included; an end that is left out is open. */
export type Range = { from?: number | null; to?: number | null };

/** Which generations to list; all conditions must hold. */
export type ListFilter = GenerationFilter & {
  model?: readonly string[] | null;
  errorCode?: readonly string[] | null;
  anyTag?: readonly string[] | null;
  allTags?: readonly string[] | null;
  /** Of this person. */
  subject?: string | null;
  /** The seed that the provider used, else the one asked for. */
  seed?: number | null;
  favourite?: boolean | null;
  hasImage?: boolean | null;
  rating?: Range | null;
  /** Settled, else quoted, else estimated. */
  costMicros?: Range | null;
  /** From the provider's start until the end, in milliseconds. */
  runMs?: Range | null;
  /** From acceptance until the end, in milliseconds. */
  totalMs?: Range | null;
};

/** In which order a list is; `value` is what it is ordered by before the id, `up` smallest first. */
export const listOrders = {
  NEWEST: { value: null, up: false, about: 'The last accepted first.' },
  OLDEST: { value: null, up: true, about: 'The first accepted first.' },
  COSTLIEST: { value: 'cost', up: false, about: 'The dearest first; only what has ended and has a known cost.' },
  CHEAPEST: { value: 'cost', up: true, about: 'The cheapest first; only what has ended and has a known cost.' },
  SLOWEST: { value: 'run', up: false, about: 'The longest run first; only what a provider took and has ended.' },
  FASTEST: { value: 'run', up: true, about: 'The shortest run first; only what a provider took and has ended.' },
  BEST_RATED: { value: 'rating', up: false, about: 'The best rated first, newer before older; only what is rated.' },
  RELEVANCE: {
    value: 'rank',
    up: false,
    about: 'The best match of `search` first, among the newest 1,000 matches; only together with `search`.',
  },
} as const;
export type ListOrder = keyof typeof listOrders;

export type ListQuery = { filter: ListFilter; search: string | null; orderBy: ListOrder };

/** A place in a list: a row's id and what the list is ordered by, as text that keeps it exactly. */
export type Place = {
  id: string;
  value: string | null;
  /** By relevance: the newest match when the list was begun, so that later ones do not move the pages. */
  newest: string | null;
};

/** `limit` rows behind the place, or before it when `backwards`; from the list's beginning or end when it is null. */
export type ListWindow = { limit: number; place: Place | null; backwards: boolean };

/** In the order of the list, also when read backwards. */
export type ListPage<T> = { rows: { row: T; place: Place }[] };

export type ListCount = { value: number; exact: boolean };

/** Exact counts go so far. */
export const countedAtMost = 10_000;
/** By relevance only the newest matches are ordered. */
export const rankedAtMost = 1_000;
/** After so long a list that no index answers is stopped. */
export const listTimeoutMs = 5_000;

/** The conditions that an index answers in the order of ids, each by itself, the most telling first. */
export const indexedFields = [
  'subject',
  'seed',
  'favourite',
  'rating',
  'errorCode',
  'anyTag',
  'allTags',
  'profileId',
  'status',
  'hasImage',
  'model',
  'provider',
  'control',
] as const;
export type IndexedField = (typeof indexedFields)[number];

export type ListPlan =
  /** In the order of ids, as they lie. */
  | { by: 'id'; bounded: boolean }
  /** One reading of an index for each value, brought together. */
  | { by: 'values'; field: IndexedField; bounded: false }
  /** In the order of an indexed value. */
  | { by: 'order'; bounded: boolean }
  | { by: 'search'; bounded: true };

const timeFields = new Set(['createdFrom', 'createdTo']);

/**
 * How a list is read, and whether that may take long (`bounded`: it is stopped then). The table in docs/history.md says the
 * same in words, and test/db/history-plans.test.ts holds the plans of the database against it.
 */
export function planOf({ filter, search, orderBy }: ListQuery): ListPlan {
  if (search !== null) return { by: 'search', bounded: true };
  const { value } = listOrders[orderBy];
  // A sweep has few cells, whatever else is asked of them.
  if (value === null && filter.sweepId != null) return { by: 'id', bounded: false };
  const given = givenFields(filter);
  if (value !== null) {
    const own = { cost: 'costMicros', run: 'runMs', rating: 'rating', rank: '' }[value];
    return { by: 'order', bounded: given.some((name) => name !== own) };
  }
  const [only, ...others] = given.filter((name) => !timeFields.has(name));
  if (only === undefined) return { by: 'id', bounded: false };
  const field = indexedFields.find((name) => name === only);
  const answered = field !== undefined && others.length === 0 && hasIndex(field, filter);
  return answered ? { by: 'values', field, bounded: false } : { by: 'id', bounded: true };
}

/** What a filter asks for, by the names of its fields. */
export function givenFields(filter: ListFilter): string[] {
  return Object.entries(filter).flatMap(([name, value]) => (value == null ? [] : [name]));
}

function hasIndex(field: IndexedField, { favourite, hasImage, allTags }: ListFilter): boolean {
  if (field === 'favourite') return favourite === true;
  if (field === 'hasImage') return hasImage === true;
  return field !== 'allTags' || allTags?.length === 1;
}
