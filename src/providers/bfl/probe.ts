import { describeBody, findExplanation, readObject, tidy } from '../answer.js';
import type { ProbeOutcome } from '../provider.js';
import type { Exchange } from '../transport.js';
import { readCredits } from './cost.js';

/** `{"credits": number}` of `GET /v1/credits`, a call that is free (BFL documentation, 2026). */
export function readProbe(exchange: Exchange, apiKey: string): ProbeOutcome {
  if (exchange.kind !== 'answered') {
    return { kind: 'unavailable', message: tidy(`no answer: ${exchange.message}`, apiKey) };
  }
  const { status, body } = exchange;
  const answer = readObject(body);
  if (status >= 200 && status < 300 && answer !== null) {
    return { kind: 'well', creditMicros: readCredits(answer['credits']) };
  }
  const explanation = answer === null ? describeBody(body) : findExplanation(answer);
  const message = tidy(`HTTP ${status}${explanation === null ? '' : `: ${explanation}`}`, apiKey);
  return { kind: status === 401 || status === 402 || status === 403 ? 'refused' : 'unavailable', message };
}
