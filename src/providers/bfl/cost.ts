import { z } from 'zod';

/** One credit is USD 0.01 (BFL pricing page, 2026). */
const microsPerCredit = 10_000;

/** The `cost` of an answer, which BFL counts in credits with fractions; anything but a sane number is no cost. */
const costInCredits = z
  .number()
  .nonnegative()
  .max(1_000_000)
  .transform((credits) => Math.round(credits * microsPerCredit))
  .nullable()
  .catch(null);

/** In micro-USD. */
export function readCredits(value: unknown): number | null {
  return costInCredits.parse(value);
}
