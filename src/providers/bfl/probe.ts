import { readObject } from '../answer.js';
import { unansweredCall } from '../ask-answer.js';
import type { ProbeOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { readCredits } from './cost.js';

/** `{"credits": number}` of `GET /v1/credits`, a call that is free (BFL documentation, 2026). */
export function readProbe(exchange: Exchange, apiKey: string): ProbeOutcome {
  const well = exchange.kind === 'answered' && exchange.status >= 200 && exchange.status < 300;
  const answer = well ? readObject(exchange.body) : null;
  if (answer === null) return unansweredCall(exchange, apiKey);
  return { kind: 'well', creditMicros: readCredits(answer['credits']) };
}
