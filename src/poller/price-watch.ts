import type { LedgerChange } from '../domain/change.js';
import type { WorkItem } from '../domain/work-item.js';
import { priceDifference } from '../domain/price.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';

/** The same difference of a model is told again after so long. */
const againAfterMs = 10 * 60_000;

type Settled = {
  account: string;
  model: string;
  generationId: string;
  n: number;
  /** By the price table when it was sent; null: unknown. */
  listMicros: number | null;
  settledMicros: number | null;
};

/** Compares what providers bill with the price table: each one is counted, and a difference is told in the log. */
export type PriceWatch = { settled(attempt: Settled): void };

/** Tells the watch what a change settles, if anything. */
export function tellPrice(
  { priceWatch }: { priceWatch: PriceWatch },
  { generation, attempt }: WorkItem,
  change: LedgerChange,
): void {
  const { account, model, n, costListMicros: listMicros } = attempt;
  const settledMicros = change.attempt?.settledMicros ?? null;
  priceWatch.settled({ account, model, generationId: generation.id, n, listMicros, settledMicros });
}

export function createPriceWatch({
  metrics,
  logger,
}: {
  metrics: Pick<Metrics, 'settled'>;
  logger: Pick<Logger, 'warn'>;
}): PriceWatch {
  const told = new Map<string, { difference: number; until: number }>();
  return {
    settled({ account, model, generationId, n, listMicros, settledMicros }) {
      if (settledMicros === null) return;
      const difference = priceDifference(listMicros, settledMicros);
      const price =
        difference === null ? 'unlisted' : difference === 0 ? 'same' : difference > 0 ? 'dearer' : 'cheaper';
      metrics.settled({ account, model, price });
      if (difference === null || difference === 0) return;
      const key = `${account} ${model}`;
      const before = told.get(key);
      const now = performance.now();
      if (before !== undefined && before.difference === difference && before.until > now) return;
      told.set(key, { difference, until: now + againAfterMs });
      logger.warn(
        {
          account,
          model,
          generation: generationId,
          attempt: n,
          listMicros,
          settledMicros,
          differenceMicros: difference,
        },
        'A provider settled another price than the table says',
      );
    },
  };
}
