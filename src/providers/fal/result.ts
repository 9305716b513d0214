import { z } from 'zod';
import { findExplanation, readObject, tidy } from '../answer.js';
import { isPassing, unavailableLook } from '../ask-answer.js';
import { readImageAddress } from '../data-uri.js';
import { saysModerated, stageIn } from '../moderation-text.js';
import type { LookOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { headerOf } from '../transport.js';

type Answered = Extract<Exchange, { kind: 'answered' }>;

const image = z.looseObject({ url: z.string().catch('') }).catch({ url: '' });
const output = z.object({
  images: z.array(image).catch([]),
  image: image.optional(),
  seed: z.int().nullable().catch(null),
  has_nsfw_concepts: z.array(z.unknown()).catch([]),
});
const complaint = z.looseObject({
  type: z.string().catch(''),
  msg: z.string().catch(''),
  loc: z.array(z.unknown()).catch([]),
});
const failure = z.object({
  detail: z.array(complaint).catch([]),
  error_type: z.string().nullable().catch(null),
});

const policyViolation = 'content_policy_violation';
/** Types that say that somebody ended the request (fal documentation, 2026). */
const canceledTypes: ReadonlySet<string> = new Set(['client_cancelled', 'client_disconnected']);

/** What the result of a request that is over says: a failed run is told by the HTTP status of its result. */
export function readResult(exchange: Exchange, apiKey: string, now: number): LookOutcome {
  const answer = exchange.kind === 'answered' ? readObject(exchange.body) : null;
  if (exchange.kind === 'answered' && answer !== null) {
    const { status } = exchange;
    if (status >= 200 && status < 300) return readOutput(answer);
    if (isOfTheRun(exchange, answer)) return readFailure(exchange, answer, apiKey);
  }
  return unavailableLook(exchange, apiKey, now);
}

/** fal gives no times of its own, only how long the inference took; what it costs it does not say either. */
function readOutput(answer: Record<string, unknown>): LookOutcome {
  const { images, image: single, seed, has_nsfw_concepts: nsfw } = output.parse(answer);
  // The picture that comes with it is black (third parties).
  if (nsfw.includes(true)) return { kind: 'moderated', stage: 'OUTPUT', reasons: ['NSFW'] };
  const found = readImageAddress((images[0] ?? single)?.url ?? '');
  if (found === null) {
    return { kind: 'failed', message: 'the provider says the request is completed, but gives no URL of an image' };
  }
  return { kind: 'ready', image: found, seed, costMicros: null, startedAt: null, finishedAt: null };
}

/**
 * Whether an HTTP error is the run's own, kept as its result, and not about this call: fal's platform errors name their type,
 * a model's complaint is no error of a gateway or a key.
 */
function isOfTheRun({ status, headers }: Answered, answer: Record<string, unknown>): boolean {
  if (typeOf({ headers }, answer) !== null) return true;
  // The status was ahead of the result.
  if (/still in (progress|queue)/i.test(findExplanation(answer) ?? '')) return false;
  return status === 500 ? findExplanation(answer) !== null : !isPassing(status);
}

function typeOf(exchange: Pick<Answered, 'headers'>, answer: Record<string, unknown>): string | null {
  return failure.parse(answer).error_type ?? headerOf(exchange, 'x-fal-error-type');
}

function readFailure(exchange: Answered, answer: Record<string, unknown>, apiKey: string): LookOutcome {
  const { detail } = failure.parse(answer);
  const type = typeOf(exchange, answer);
  const explanation = findExplanation(answer) ?? type ?? `HTTP ${exchange.status}, and no reason given`;
  if (exchange.status === 499 || (type !== null && canceledTypes.has(type))) {
    return { kind: 'canceled', message: tidy(explanation, apiKey) };
  }
  const violations = detail.filter((each) => each.type === policyViolation);
  if (violations.length > 0) {
    const stage = violations.some(({ loc }) => loc.length > 1) ? 'INPUT' : stageIn(explanation);
    return { kind: 'moderated', stage, reasons: reasonsIn(violations, apiKey) };
  }
  if (type === policyViolation || (exchange.status === 422 && saysModerated(explanation))) {
    return { kind: 'moderated', stage: stageIn(explanation), reasons: [tidy(explanation, apiKey, 100)] };
  }
  const named = type === null || explanation.includes(type) ? explanation : `${explanation} (${type})`;
  const again = headerOf(exchange, 'x-fal-retryable')?.toLowerCase() === 'true' ? '; another try may go well' : '';
  return { kind: 'failed', message: tidy(`${named}${again}`, apiKey) };
}

function reasonsIn(violations: readonly z.infer<typeof complaint>[], apiKey: string): string[] {
  const reasons = violations.map(({ msg }) => tidy(msg, apiKey, 100)).filter((reason) => reason !== '');
  return [...new Set(reasons)].slice(0, 10);
}
