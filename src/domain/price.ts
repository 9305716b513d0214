/** What of a picture's parameters its price may depend on. */
type Size = { readonly width?: unknown; readonly height?: unknown };

/** What a price is for. A megapixel that is begun counts whole. */
export const priceUnits = ['IMAGE', 'MEGAPIXEL'] as const;
export type PriceUnit = (typeof priceUnits)[number];

/** A price that holds from a moment on, until the next entry's. */
export type PriceEntry = {
  /** Null: as far back as anybody knows. */
  from: Date | null;
  /** In micro-USD; null: not known from then on. */
  micros: number | null;
  per: PriceUnit;
};

/** The prices of a model, the oldest first; empty: none was ever known. */
export type PriceTable = readonly PriceEntry[];

/** As providers count them: 1024 x 1024 is one. */
const megapixel = 1_048_576;

/** The entry that holds at a moment; null: none is known for it. */
export function priceEntryAt(prices: PriceTable, at: Date): PriceEntry | null {
  return prices.findLast(({ from }) => from === null || from <= at) ?? null;
}

/** List price of one picture in micro-USD; null where unknown. Sizes that are left to the provider count as one megapixel. */
export function priceAt(prices: PriceTable, at: Date, parameters: Size = {}): number | null {
  return amountOf(priceEntryAt(prices, at), parameters);
}

/** The dearest that one picture may be from now until then; null where it may be unknown. */
export function dearestPrice(prices: PriceTable, now: Date, until: Date, parameters: Size): number | null {
  const changes = prices.filter(({ from }) => from !== null && from > now && from <= until);
  const amounts = [priceEntryAt(prices, now), ...changes].map((entry) => amountOf(entry, parameters));
  return amounts.reduce((most, amount) => (most === null || amount === null ? null : Math.max(most, amount)), 0);
}

function amountOf(entry: PriceEntry | null, { width, height }: Size): number | null {
  if (entry === null || entry.micros === null) return null;
  if (entry.per === 'IMAGE') return entry.micros;
  const pixels = Number(width ?? 0) * Number(height ?? 0);
  return entry.micros * Math.max(1, Math.ceil(pixels / megapixel));
}

/** Up to so many micro-USD, or this share, a settled price may differ from the table's without being told: rounding. */
export const toleratedMicros = 100;
export const toleratedShare = 0.01;

/** Settled less expected, in micro-USD, where that is more than rounding explains; 0 where not, null where one is unknown. */
export function priceDifference(expected: number | null, settled: number | null): number | null {
  if (expected === null || settled === null) return null;
  const difference = settled - expected;
  return Math.abs(difference) <= Math.max(toleratedMicros, expected * toleratedShare) ? 0 : difference;
}
