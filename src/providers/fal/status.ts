import { z } from 'zod';
import { readObject, tidy } from '../answer.js';
import { unavailableLook } from '../ask-answer.js';
import type { LookOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';

type Meaning = 'running' | 'over' | 'canceled' | 'notFound';

/**
 * fal's status words, in lower case. The first three are all there are (its client 1.10.1); a third party lists the rest, and
 * its cancel answers NOT_FOUND. COMPLETED is said of failed runs too, so the result is what tells.
 */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['in_queue', 'running'],
  ['in_progress', 'running'],
  ['completed', 'over'],
  ['failed', 'over'],
  ['error', 'over'],
  ['canceled', 'canceled'],
  ['cancelled', 'canceled'],
  ['not_found', 'notFound'],
]);

const shape = z.object({ status: z.string().trim().min(1).optional().catch(undefined) });

/** What the status of a request says; `over`: the result has to be asked for. */
export function readStatus(exchange: Exchange, apiKey: string, now: number): LookOutcome | 'over' {
  const answer = exchange.kind === 'answered' ? readObject(exchange.body) : null;
  if (exchange.kind === 'answered' && answer !== null) {
    // The address holds the id, so an application that answers "not found" speaks of the request.
    if (exchange.status === 404) return { kind: 'notFound' };
    const { status: word } = shape.parse(answer);
    if (exchange.status >= 200 && exchange.status < 300 && word !== undefined) return readWord(word, apiKey);
  }
  return unavailableLook(exchange, apiKey, now);
}

function readWord(word: string, apiKey: string): LookOutcome | 'over' {
  const meaning = meanings.get(word.toLowerCase());
  if (meaning === 'over') return 'over';
  if (meaning === 'notFound') return { kind: 'notFound' };
  if (meaning === 'canceled') return { kind: 'canceled', message: 'the request was canceled' };
  return { kind: 'running', word: tidy(word, apiKey, 60), known: meaning !== undefined, progress: null };
}
