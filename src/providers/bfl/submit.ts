import { z } from 'zod';
import { describeBody, findExplanation, readObject, tidy } from '../answer.js';
import { parseUrl } from '../hosts.js';
import { readPauseMs } from '../pause.js';
import type { SubmitOutcome, SubmitRefusalCode } from '../provider.js';
import { headerOf, type Exchange } from '../transport.js';
import { costInCredits } from './cost.js';
import { taskIdText } from './task-id.js';

type Refused = Extract<SubmitOutcome, { kind: 'refused' }>;
type Refusal = { code: SubmitRefusalCode; retry: Refused['retry']; says: string };

const wrong: Refusal = { code: 'PROVIDER_REFUSED', retry: 'never', says: 'the provider refused the request' };
const unauthorized: Refusal = {
  code: 'PROVIDER_UNAUTHORIZED',
  retry: 'account',
  says: "the account's key was refused",
};
const retired: Refusal = {
  code: 'MODEL_RETIRED_UPSTREAM',
  retry: 'never',
  says: 'the provider does not offer this model',
};
const busy: Refusal = { code: 'PROVIDER_BUSY', retry: 'later', says: 'the provider is busy' };
const moved: Refusal = {
  code: 'PROVIDER_REFUSED',
  retry: 'never',
  says: 'the provider answered with a redirect, which is not followed',
};

/** Answers that prove that nothing was accepted (BFL documentation, 2026; 401 and 404 seen by third parties). */
const refusals: ReadonlyMap<number, Refusal> = new Map([
  // 303 is missing: after a POST it may just as well mean "done, look there" (RFC 9110, 15.4.4).
  [301, moved],
  [302, moved],
  [307, moved],
  [308, moved],
  [401, unauthorized],
  [402, { code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account', says: 'the account is out of credits' }],
  [403, unauthorized],
  [404, retired],
  [410, retired],
  [429, busy],
]);

/** Said by gateways about an application they have already passed the request to, or may have. */
const doubtful: ReadonlySet<number> = new Set([408, 499]);

const taskId = z.union([z.string(), z.int()]).transform(String).pipe(taskIdText);
const pollingUrl = z
  .string()
  .max(2083)
  .transform((text) => parseUrl(text)?.href ?? null);
const acceptance = z.object({
  id: taskId.nullable().catch(null),
  polling_url: pollingUrl.nullable().catch(null),
  cost: costInCredits,
});

export function readSubmit(exchange: Exchange, apiKey: string, now: number): SubmitOutcome {
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
  const accepted = exchange.status >= 200 && exchange.status < 300;
  return accepted ? readAcceptance(exchange, apiKey) : readRefusal(exchange, apiKey, now);
}

type Answered = Extract<Exchange, { kind: 'answered' }>;

/**
 * A 2xx is a success only with a task id. Without one it proves nothing, with one exception: an answer that is an `error`
 * and nothing else is the application's own word that there is no task, so the caller hears it at once. It is never sent
 * again by itself (`never`), so even a gateway that errs there cannot make us pay twice.
 */
function readAcceptance({ status, body }: Answered, apiKey: string): SubmitOutcome {
  const answer = readObject(body);
  if (answer === null) return { kind: 'unknown', message: tidy(describeBody(body), apiKey), httpStatus: status };
  const { id, polling_url, cost } = acceptance.parse(answer);
  const failed = hasError(answer);
  const explanation = findExplanation(answer) ?? 'no reason given';
  if (id === null && failed) return refuse(wrong, status, explanation, null, apiKey);
  if (id === null) return { kind: 'unknown', message: 'the answer names no task', httpStatus: status };
  if (failed) {
    const message = tidy(`the answer names a task and an error: ${explanation}`, apiKey);
    return { kind: 'unknown', message, httpStatus: status };
  }
  return { kind: 'accepted', task: { taskId: id, pollingUrl: polling_url }, costMicros: cost };
}

function hasError(answer: Record<string, unknown>): boolean {
  const error = answer['error'];
  return error !== undefined && error !== null && error !== false && error !== '';
}

function readRefusal(exchange: Answered, apiKey: string, now: number): SubmitOutcome {
  const { status, body } = exchange;
  const pauseMs = readPauseMs(headerOf(exchange, 'retry-after'), now);
  const explanation = findExplanation(readObject(body));
  const refusal = refusalFor(status, pauseMs);
  if (refusal !== null) return refuse(refusal, status, explanation, pauseMs, apiKey);
  const message = `HTTP ${status}${explanation === null ? '' : `: ${explanation}`}`;
  return { kind: 'unknown', message: tidy(message, apiKey), httpStatus: status };
}

function refusalFor(status: number, pauseMs: number | null): Refusal | null {
  const listed = refusals.get(status);
  if (listed !== undefined) return listed;
  // With a Retry-After the application itself asks us back; a bare 503 may come from a proxy that had passed us on.
  if (status === 503) return pauseMs === null ? null : busy;
  return status >= 400 && status < 500 && !doubtful.has(status) ? wrong : null;
}

function refuse(
  refusal: Refusal,
  status: number,
  explanation: string | null,
  pauseMs: number | null,
  apiKey: string,
): SubmitOutcome {
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
