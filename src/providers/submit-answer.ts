import { describeBody, findExplanation, readObject, tidy } from './answer.js';
import { readPauseMs } from './pause.js';
import type { SubmitOutcome, SubmitRefusalCode } from './provider.js';
import type { Exchange } from './exchange.js';
import { headerOf } from './transport.js';

type Refused = Extract<SubmitOutcome, { kind: 'refused' }>;
export type Refusal = { code: SubmitRefusalCode; retry: Refused['retry']; says: string };
export type Answered = Extract<Exchange, { kind: 'answered' }>;

/** What a provider's answer to a submit is read with. */
export type SubmitReading = {
  /** Hidden in all that is said. */
  apiKey: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** Reads the object that came with a 2xx; `unknown` when it proves nothing. */
  accept: (answer: Record<string, unknown>, status: number) => SubmitOutcome;
  /** This provider's own meaning of an answer that is no 2xx; null: the usual one. */
  refusalFor?: (status: number, answer: Record<string, unknown> | null, exchange: Answered) => Refusal | null;
};

export const refusals = {
  wrong: { code: 'PROVIDER_REFUSED', retry: 'never', says: 'the provider refused the request' },
  unauthorized: { code: 'PROVIDER_UNAUTHORIZED', retry: 'account', says: "the account's key was refused" },
  outOfCredits: { code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account', says: 'the account is out of credits' },
  retired: { code: 'MODEL_RETIRED_UPSTREAM', retry: 'never', says: 'the provider does not offer this model' },
  unknownFinetune: { code: 'FINETUNE_UNKNOWN', retry: 'never', says: 'the provider does not know the finetune' },
  busy: { code: 'PROVIDER_BUSY', retry: 'later', says: 'the provider is busy' },
  moved: {
    code: 'PROVIDER_REFUSED',
    retry: 'never',
    says: 'the provider answered with a redirect, which is not followed',
  },
} as const satisfies Record<string, Refusal>;

/**
 * Answers that prove that nothing was accepted, at every provider of contract (BFL documentation, 2026; 401 and 404 seen
 * by third parties; the others' documents agree).
 */
const usual: ReadonlyMap<number, Refusal> = new Map<number, Refusal>([
  // 303 is missing: after a POST it may just as well mean "done, look there" (RFC 9110, 15.4.4).
  [301, refusals.moved],
  [302, refusals.moved],
  [307, refusals.moved],
  [308, refusals.moved],
  [401, refusals.unauthorized],
  [402, refusals.outOfCredits],
  [403, refusals.unauthorized],
  [404, refusals.retired],
  [410, refusals.retired],
  [429, refusals.busy],
]);

/**
 * Said of a finetune or LoRA that the provider does not have. Told apart from a missing model, which would be taken for
 * retired, and from a wrong request: the binding is to be mended.
 */
const finetuneMissing =
  /\b(finetune(_id)?|fine-tune|lora(_name)?)\b[^.]{0,120}\b(not found|not in|unknown|do(es)? ?n[o']t exist|is not available)\b|\b(unknown|no|no such|invalid) (finetune|fine-tune|lora)\b/i;

function blameFinetune(refusal: Refusal, explanation: string | null): Refusal {
  if (refusal.code !== 'PROVIDER_REFUSED' && refusal.code !== 'MODEL_RETIRED_UPSTREAM') return refusal;
  if (finetuneMissing.test(refusal.says)) return { ...refusal, code: 'FINETUNE_UNKNOWN' };
  return finetuneMissing.test(explanation ?? '') ? refusals.unknownFinetune : refusal;
}

/** Said by gateways about an application they have already passed the request to, or may have. */
const doubtful: ReadonlySet<number> = new Set([408, 499]);

/** What became of a submit, read so that only proof of absence is a refusal. */
export function readSubmitAnswer(exchange: Exchange, reading: SubmitReading): SubmitOutcome {
  const { apiKey, now } = reading;
  if (exchange.kind === 'unsent') {
    return {
      kind: 'refused',
      code: 'PROVIDER_UNREACHABLE',
      message: tidy(`no connection to the provider: ${exchange.message}`, apiKey),
      httpStatus: null,
      retry: 'later',
      retryAfterMs: null,
    };
  }
  if (exchange.kind === 'lost') {
    return { kind: 'unknown', message: tidy(`no answer: ${exchange.message}`, apiKey), httpStatus: null };
  }
  const { status, body } = exchange;
  const answer = readObject(body);
  if (status >= 200 && status < 300) {
    if (answer === null) return { kind: 'unknown', message: tidy(describeBody(body), apiKey), httpStatus: status };
    return reading.accept(answer, status);
  }
  const pauseMs = readPauseMs(headerOf(exchange, 'retry-after'), now);
  const explanation = findExplanation(answer);
  const found = reading.refusalFor?.(status, answer, exchange) ?? usualRefusal(status, pauseMs);
  const refusal = found === null ? null : blameFinetune(found, explanation);
  if (refusal !== null) return refuseSubmit(refusal, { status, explanation, pauseMs, apiKey });
  const message = `HTTP ${status}${explanation === null ? '' : `: ${explanation}`}`;
  return { kind: 'unknown', message: tidy(message, apiKey), httpStatus: status };
}

function usualRefusal(status: number, pauseMs: number | null): Refusal | null {
  const listed = usual.get(status);
  if (listed !== undefined) return listed;
  // With a Retry-After the application itself asks us back; a bare 503 may come from a proxy that had passed us on.
  if (status === 503) return pauseMs === null ? null : refusals.busy;
  return status >= 400 && status < 500 && !doubtful.has(status) ? refusals.wrong : null;
}

/** Whether an answer says that something went wrong, whatever its status. */
export function hasError(answer: Record<string, unknown>): boolean {
  const error = answer['error'];
  return error !== undefined && error !== null && error !== false && error !== '';
}

/** A refusal in words, without the account's key. */
export function refuseSubmit(
  refusal: Refusal,
  details: { status: number; explanation: string | null; pauseMs?: number | null; apiKey: string },
): SubmitOutcome {
  const { status, explanation, pauseMs = null, apiKey } = details;
  const message = `${refusal.says} (HTTP ${status})${explanation === null ? '' : `: ${explanation}`}`;
  return {
    kind: 'refused',
    code: refusal.code,
    message: tidy(message, apiKey),
    httpStatus: status,
    retry: refusal.retry,
    retryAfterMs: refusal.retry === 'later' ? pauseMs : null,
  };
}
