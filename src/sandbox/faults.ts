import type { Faults } from './options.js';
import { everyTime, type Wish } from './outcome.js';
import { randomFrom } from './random.js';

/**
 * Draws what goes wrong with a submit and its task. `occurrence` counts how often this very body has come before, so that
 * a repeat has its own luck, yet the luck does not depend on what other requests arrive in between.
 */
export function drawFaults(faults: Required<Faults>, seed: string, fingerprint: string, occurrence: number): Wish {
  return {
    ...drawLife(faults, randomFrom(seed, 'life', fingerprint, occurrence)),
    ...drawSubmit(faults, randomFrom(seed, 'fault', fingerprint, occurrence)),
  };
}

/** At most one fault: an answer can be lost or slow, but not both. */
function drawSubmit(faults: Required<Faults>, random: () => number): Wish {
  let luck = random();
  const table: readonly (readonly [number, Wish])[] = [
    [faults.lostReply, { 'lost-reply': everyTime }],
    [faults.http429, { '429': 1 }],
    [faults.http500, { '500': 1 }],
    [faults.http503, { '503': 1 }],
    [faults.slowReply, { 'slow-reply': 1 + random() * 5 }],
  ];
  for (const [chance, wish] of table) {
    if (luck < chance) return wish;
    luck -= chance;
  }
  return {};
}

function drawLife(faults: Required<Faults>, random: () => number): Wish {
  // Every number is drawn whether it is needed or not, so that one chance does not change the luck of another.
  const drawn: readonly (readonly [boolean, Wish])[] = [
    [random() < faults.lateTask, { 'late-task': 1 + Math.floor(random() * 3) }],
    [random() < faults.unknownStatus, { 'unknown-status': 1 }],
    [random() < faults.foreignPollingUrl, { 'foreign-polling-url': 1 }],
    [random() < faults.webhookMissing, { 'webhook-missing': 1 }],
    [random() < faults.webhookDoubled, { 'webhook-doubled': 1 }],
    [random() < faults.webhookLate, { 'webhook-late': 1 + random() * 9 }],
  ];
  return Object.assign({}, ...drawn.filter(([happens]) => happens).map(([, wish]) => wish));
}

/** How one look goes wrong; `retryAfter` in seconds. */
export type LookFault = { status: 500 | 429; retryAfter: number | null };

/** Draws for look number `look` of a task; `luck` is the task's own. Null: the look goes well. */
export function drawLook(faults: Required<Faults>, seed: string, luck: string, look: number): LookFault | null {
  const random = randomFrom(seed, 'look', luck, look);
  const drawn = random();
  if (drawn < faults.lookHttp500) return { status: 500, retryAfter: null };
  if (drawn >= faults.lookHttp500 + faults.lookHttp429) return null;
  return { status: 429, retryAfter: random() < 0.5 ? 1 : null };
}
