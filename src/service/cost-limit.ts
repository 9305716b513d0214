import { refusal, type Refusal } from '../domain/refusal.js';

/** What a group of generations costs by the price list. */
export type PlannedCost = {
  /** Sum of the prices that are known, in micro-USD. */
  estimatedMicros: number;
  /** How many have no known price; these count as nothing. */
  unknownPrices: number;
};

export function costOf(prices: readonly (number | null)[]): PlannedCost {
  const known = prices.filter((price) => price !== null);
  return {
    estimatedMicros: known.reduce((total, price) => total + price, 0),
    unknownPrices: prices.length - known.length,
  };
}

/** Holds the cost against the caller's own limit. What has no known price must be allowed by name: it would count as nothing. */
export function checkCost(
  { estimatedMicros, unknownPrices }: PlannedCost,
  rule: {
    /** Micro-USD. */
    limitMicros: number | null;
    allowUnknownPrice: boolean;
    limitPath: readonly string[];
    unknownPath: readonly string[];
    /** E.g. `15 cells`. */
    what: string;
  },
): Refusal[] {
  const { limitMicros, what } = rule;
  const refusals: Refusal[] = [];
  const bound = { minimum: estimatedMicros };
  if (limitMicros === null) {
    const message = `A limit is needed: ${what} cost ${estimatedMicros} micro-USD by the price list.`;
    refusals.push(refusal('REQUIRED', rule.limitPath, message, bound));
  } else if (limitMicros < estimatedMicros || limitMicros < 0) {
    const message = `${what} cost ${estimatedMicros} micro-USD by the price list; the limit given is ${limitMicros}.`;
    refusals.push(refusal('COST_LIMIT', rule.limitPath, message, { ...bound, given: limitMicros }));
  }
  if (unknownPrices > 0 && !rule.allowUnknownPrice) {
    const message = `Of ${what} ${unknownPrices} have no known price, which no limit can hold; true allows them, counted as nothing.`;
    refusals.push(refusal('PRICE_UNKNOWN', rule.unknownPath, message, { given: unknownPrices }));
  }
  return refusals;
}
