import type { Model } from './model.js';
import { priceAt } from './price.js';
import { statusAt, type Candidate } from './route.js';
import { isAiling, type Standing } from './standing.js';

/** What decides between routes that could all be taken. */
export const routingPreferences = {
  /** The providers in the order given, then the rest in the order of the settings. */
  ORDER: 'The providers in the order given, then the others in the order of the settings.',
  /** The lowest list price; what has no known price comes last. */
  CHEAPEST: 'The lowest list price first; where none is known, last.',
  /** The shortest median run time as learned; what has not run yet comes last. */
  FASTEST: 'The shortest run time first, as learned; what has not run yet, last.',
} as const;
export type RoutingPreference = keyof typeof routingPreferences;

/** A project's policy. `providers` come first in this order under ORDER, and decide between equals otherwise. */
export type RoutingPolicy = { prefer: RoutingPreference; providers: readonly string[] };

export const defaultPolicy: RoutingPolicy = { prefer: 'ORDER', providers: [] };

export type RankFacts = {
  standing: Standing;
  policy: RoutingPolicy;
  /** Learned median run time of a model in ms; null while nothing is known. */
  runMsOf: (model: Model) => number | null;
  now: Date;
};

/**
 * Best first. What is announced to end, and what mostly fails lately, comes after what does not, whatever the policy; then
 * the policy decides, then the order of the settings and of the catalogue.
 */
export function rank(candidates: readonly Candidate[], facts: RankFacts): Candidate[] {
  const keyed = candidates.map((candidate) => ({ candidate, key: keyOf(candidate, facts) }));
  // Sorting is stable, so equals stay in the order of the settings.
  return keyed.toSorted((a, b) => compare(a.key, b.key)).map(({ candidate }) => candidate);
}

function keyOf(candidate: Candidate, { standing, policy, runMsOf, now }: RankFacts): number[] {
  const { account, model } = candidate;
  const place = policy.providers.indexOf(model.provider);
  return [
    statusAt(candidate) === 'ACTIVE' ? 0 : 1,
    isAiling(standing, account.id, model.id) ? 1 : 0,
    preferred(policy.prefer, model, { runMsOf, now }),
    place === -1 ? Infinity : place,
  ];
}

function preferred(
  prefer: RoutingPreference,
  model: Model,
  { runMsOf, now }: Pick<RankFacts, 'runMsOf' | 'now'>,
): number {
  switch (prefer) {
    case 'ORDER':
      return 0;
    case 'CHEAPEST':
      return priceAt(model.prices, now) ?? Infinity;
    case 'FASTEST':
      return runMsOf(model) ?? Infinity;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [n, left] of a.entries()) {
    const right = b[n] ?? 0;
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
