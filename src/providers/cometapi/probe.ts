import { unansweredCall } from '../ask-answer.js';
import { readLook } from '../flux/look.js';
import type { ProbeOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';

/**
 * Reading a task makes nothing and costs nothing, and a task that cannot exist is answered with `Task not found` to a
 * key that is good, with 401 or 403 to one that is not (CometAPI documentation, 2026). It says nothing of the balance:
 * whether that is back only the next submit tells.
 */
export const probePath = '/flux/v1/get_result?id=00000000-0000-0000-0000-000000000000';

export function readProbe(exchange: Exchange, apiKey: string): ProbeOutcome {
  const look = readLook(exchange, { apiKey, now: 0, cost: () => null });
  if (look.kind !== 'unavailable') return { kind: 'well', creditMicros: null };
  return unansweredCall(exchange, apiKey);
}
