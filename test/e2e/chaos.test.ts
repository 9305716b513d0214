import { expect, it } from 'vitest';
import { shortForm } from '../chaos/options.js';
import { runChaos } from '../chaos/run.js';

// `npm run chaos` is the long form: ten thousand generations and more ways to die.
it('loses nothing, pays nothing twice and tells everything once, whatever dies or is away', async () => {
  const report = await runChaos(shortForm);
  expect(report.violations).toEqual([]);
  expect(report.generations).toBeGreaterThanOrEqual(shortForm.generations);
  expect(new Set(report.recoveries.map(({ disturbance }) => disturbance))).toEqual(
    new Set(shortForm.disturbances.flat()),
  );
}, 300_000);
