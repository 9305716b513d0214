import { z } from 'zod';
import type { ModerationStage } from '../../domain/lifecycle.js';
import { describeBody, findExplanation, readObject, tidy } from '../answer.js';
import { parseUrl } from '../hosts.js';
import { readPauseMs } from '../pause.js';
import type { FinalLook, LookOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { headerOf } from '../transport.js';
import type { FluxReading } from './reading.js';

type Meaning = 'running' | 'ready' | 'moderatedInput' | 'moderatedOutput' | 'failed' | 'notFound';

/**
 * BFL's status words, in lower case. The first six are the documented ones (BFL OpenAPI, April 2026); `Failed` is from the
 * official sample code; `Reasoning` and `Generating` were seen on FLUX.2 by an integrator (September 2026); `Processing` is
 * a gateway's (client of a sibling of CometAPI's).
 */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['pending', 'running'],
  ['ready', 'ready'],
  ['request moderated', 'moderatedInput'],
  ['content moderated', 'moderatedOutput'],
  ['error', 'failed'],
  ['task not found', 'notFound'],
  ['failed', 'failed'],
  ['reasoning', 'running'],
  ['generating', 'running'],
  ['processing', 'running'],
]);

const word = z.string().trim().min(1).optional().catch(undefined);
const seconds = z
  .number()
  // Unix seconds with fractions, from 2001 to 2286; beyond is no time of a task.
  .min(1e9)
  .max(1e10)
  .transform((value) => new Date(Math.round(value * 1000)))
  .nullable()
  .catch(null);
const answerShape = z.object({
  status: word,
  // One client of BFL's own ecosystem reads `state` where there is no `status`.
  state: word,
  progress: z.number().nullable().catch(null),
  cost: z.unknown().optional(),
  result: z.looseObject({}).catch({}),
  details: z.unknown().optional(),
});
const resultShape = z.object({
  sample: z.string().trim().max(8192).catch(''),
  seed: z.int().nullable().catch(null),
  cost: z.unknown().optional(),
  start_time: seconds,
  end_time: seconds,
});
type Answer = z.infer<typeof answerShape>;

export function readLook(exchange: Exchange, reading: FluxReading): LookOutcome {
  const { apiKey, now } = reading;
  if (exchange.kind !== 'answered') {
    const message = tidy(`no answer: ${exchange.message}`, apiKey);
    return { kind: 'unavailable', message, httpStatus: null, retryAfterMs: null };
  }
  const { status, body } = exchange;
  const whole = readObject(body);
  if (status >= 200 && status < 300 && whole !== null) {
    const outcome = readTask(whole, reading);
    if (outcome !== null) return outcome;
  }
  // Documented with 200 only, but a missing task may well be a 404. Any other 404 is about the address, not the task.
  if (status === 404 && whole !== null && saysNotFound(whole)) return { kind: 'notFound' };
  const explanation = whole === null ? describeBody(body) : (findExplanation(whole) ?? 'the answer has no status');
  return {
    kind: 'unavailable',
    message: tidy(`HTTP ${status}: ${explanation}`, apiKey),
    httpStatus: status,
    retryAfterMs: readPauseMs(headerOf(exchange, 'retry-after'), now),
  };
}

function meaningOf(status: string): Meaning | null {
  return meanings.get(status.toLowerCase().replace(/[\s_-]+/g, ' ')) ?? null;
}

function saysNotFound(whole: Record<string, unknown>): boolean {
  const said = wordOf(whole) ?? findExplanation(whole) ?? '';
  // A gateway adds the request's id to what it says.
  return meaningOf(said.replace(/\s*\(request id[^)]*\)\s*$/i, '').replace(/\.$/, '')) === 'notFound';
}

/** What an answer to a submit says of the outcome already, as some gateways do; null: nothing that is certain. */
export function readEnd(whole: Record<string, unknown>, reading: FluxReading): FinalLook | null {
  const outcome = readTask(whole, reading);
  if (outcome?.kind === 'ready' || outcome?.kind === 'moderated') return outcome;
  // Ready without a picture is no failure yet: a look may bring it.
  return outcome?.kind === 'failed' && meaningOf(wordOf(whole) ?? '') === 'failed' ? outcome : null;
}

function wordOf(whole: Record<string, unknown>): string | undefined {
  const { status, state } = answerShape.parse(whole);
  return status ?? state;
}

/** Null when the answer says nothing about a task. */
function readTask(whole: Record<string, unknown>, reading: FluxReading): LookOutcome | null {
  const { apiKey } = reading;
  const answer = answerShape.parse(whole);
  const status = answer.status ?? answer.state;
  if (status === undefined) return null;
  const meaning = meaningOf(status);
  if (meaning === null || meaning === 'running') {
    const progress = normalizeProgress(answer.progress);
    return { kind: 'running', word: tidy(status, apiKey, 60), known: meaning !== null, progress };
  }
  if (meaning === 'ready') return readReady(answer, reading);
  if (meaning === 'moderatedInput') return moderated('INPUT', answer, apiKey);
  if (meaning === 'moderatedOutput') return moderated('OUTPUT', answer, apiKey);
  if (meaning === 'failed') return { kind: 'failed', message: tidy(explainFailure(whole, answer), apiKey) };
  return { kind: meaning };
}

/** Nominally 0 to 1, but seen as a percentage too (an integrator, 2026). */
function normalizeProgress(progress: number | null): number | null {
  if (progress === null) return null;
  return Math.min(Math.max(progress > 1 ? progress / 100 : progress, 0), 1);
}

function readReady(answer: Answer, reading: FluxReading): LookOutcome {
  const result = resultShape.parse(answer.result);
  const url = parseUrl(result.sample);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return { kind: 'failed', message: 'the provider says the image is ready, but gives no URL for it' };
  }
  return {
    kind: 'ready',
    image: { kind: 'url', url: url.href },
    seed: result.seed,
    costMicros: reading.cost(answer.cost) ?? reading.cost(result.cost),
    startedAt: result.start_time,
    finishedAt: result.end_time,
  };
}

function moderated(stage: ModerationStage, answer: Answer, apiKey: string): LookOutcome {
  return { kind: 'moderated', stage, reasons: readReasons(answer.details, apiKey) };
}

/** `details["Moderation Reasons"]`, a list of strings such as "Sexual Content" (an integrator's live run, 2026). */
function readReasons(details: unknown, apiKey: string): string[] {
  const { data = {} } = z.looseObject({}).safeParse(details);
  const reasons = z
    .union([z.array(z.unknown()), z.string().transform((one) => [one])])
    .safeParse(data['Moderation Reasons']);
  return (reasons.data ?? [])
    .filter((reason) => typeof reason === 'string')
    .map((reason) => tidy(reason, apiKey, 100))
    .filter((reason) => reason !== '')
    .slice(0, 10);
}

function explainFailure(whole: Record<string, unknown>, answer: Answer): string {
  const { details } = answer;
  const explanation =
    (typeof details === 'string' && details.trim() !== '' ? details : null) ??
    findExplanation(details) ??
    findExplanation(whole) ??
    findExplanation(answer.result);
  return explanation ?? 'the provider reports a failure and gives no reason';
}
