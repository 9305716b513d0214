import { describeBody, findExplanation, readObject, tidy } from './answer.js';
import { readPauseMs } from './pause.js';
import type { CancelOutcome, LookOutcome, ProbeOutcome } from './provider.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './transport.js';

type Answer = Record<string, unknown>;

/** About the key, the pace or the gateway, not about what was asked for. */
const passing: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 425, 429]);

export function isPassing(status: number): boolean {
  return passing.has(status) || status >= 500 || (status >= 300 && status < 400);
}

/** What an answer that says nothing usable says, without the account's key. */
export function describeExchange(exchange: Exchange, apiKey: string): string {
  if (exchange.kind !== 'answered') return tidy(`no answer: ${exchange.message}`, apiKey);
  const { status, body } = exchange;
  const answer = readObject(body);
  const explanation = answer === null ? describeBody(body) : findExplanation(answer);
  return tidy(`HTTP ${status}${explanation === null ? '' : `: ${explanation}`}`, apiKey);
}

/** A look that was not answered with anything about the task. */
export function unavailableLook(exchange: Exchange, apiKey: string, now: number): LookOutcome {
  const answered = exchange.kind === 'answered';
  return {
    kind: 'unavailable',
    message: describeExchange(exchange, apiKey),
    httpStatus: answered ? exchange.status : null,
    retryAfterMs: answered ? readPauseMs(headerOf(exchange, 'retry-after'), now) : null,
  };
}

/** What came of asking for a task's end. `over` tells of a 2xx that the task had ended before, and how; null: it had not. */
export function readCancelAnswer(
  exchange: Exchange,
  apiKey: string,
  over: (answer: Answer | null) => string | null,
): CancelOutcome {
  if (exchange.kind !== 'answered' || isPassing(exchange.status)) {
    return { kind: 'unavailable', message: describeExchange(exchange, apiKey) };
  }
  if (exchange.status >= 400) return { kind: 'tooLate', message: describeExchange(exchange, apiKey) };
  const word = over(readObject(exchange.body));
  return word === null ? { kind: 'asked' } : { kind: 'tooLate', message: tidy(`it is over already: ${word}`, apiKey) };
}

/** Why a free call brought nothing: for the account's sake, or for the moment. */
export function unansweredCall(
  exchange: Exchange,
  apiKey: string,
): { kind: 'refused' | 'unavailable'; message: string } {
  const refused = exchange.kind === 'answered' && [401, 402, 403].includes(exchange.status);
  return { kind: refused ? 'refused' : 'unavailable', message: describeExchange(exchange, apiKey) };
}

/** What a free call says of an account whose credit the provider does not tell. */
export function readProbeAnswer(
  exchange: Exchange,
  apiKey: string,
  isWell: (status: number, answer: Answer) => boolean,
): ProbeOutcome {
  const answer = exchange.kind === 'answered' ? readObject(exchange.body) : null;
  const well = exchange.kind === 'answered' && answer !== null && isWell(exchange.status, answer);
  return well ? { kind: 'well', creditMicros: null } : unansweredCall(exchange, apiKey);
}
