import type { Faults } from './options.js';
import type { Wish } from './outcome.js';
import { randomFrom } from './random.js';

/**
 * Draws at most one fault for a submit. `occurrence` counts how often this very body has come before, so that a repeat
 * has its own luck, yet the luck does not depend on what other requests arrive in between.
 */
export function drawFault(faults: Required<Faults>, seed: string, fingerprint: string, occurrence: number): Wish {
  let luck = randomFrom(seed, 'fault', fingerprint, occurrence)();
  const table: readonly (readonly [number, Wish])[] = [
    [faults.lostReply, { 'lost-reply': 1 }],
    [faults.http429, { '429': 1 }],
    [faults.http500, { '500': 1 }],
    [faults.http503, { '503': 1 }],
  ];
  for (const [chance, wish] of table) {
    if (luck < chance) return wish;
    luck -= chance;
  }
  return {};
}
