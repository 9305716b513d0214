import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics.js';
import { createPriceWatch } from '../../src/poller/price-watch.js';

it('counts what is settled, and tells a difference of a model once', async () => {
  const metrics = createMetrics({ withProcess: false });
  const told: unknown[] = [];
  const watch = createPriceWatch({ metrics, logger: { warn: (fields: unknown) => void told.push(fields) } });
  const attempt = { account: 'bfl', model: 'bfl/one', generationId: 'g', n: 1, listMicros: 60_000 };
  for (const settledMicros of [60_000, 60_500, 70_000, 70_000, null, 50_000])
    watch.settled({ ...attempt, settledMicros });
  watch.settled({ ...attempt, listMicros: null, settledMicros: 1 });
  expect(told).toEqual(
    [70_000, 50_000].map((settledMicros) => ({
      account: 'bfl',
      model: 'bfl/one',
      generation: 'g',
      attempt: 1,
      listMicros: 60_000,
      settledMicros,
      differenceMicros: settledMicros - 60_000,
    })),
  );
  const text = await metrics.render();
  for (const [price, count] of Object.entries({ same: 2, dearer: 2, cheaper: 1, unlisted: 1 })) {
    expect(text).toContain(`darkroom_settled_total{account="bfl",model="bfl/one",price="${price}"} ${count}`);
  }
});
