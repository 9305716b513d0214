import { z } from 'zod';
import { findExplanation, tidy } from '../answer.js';
import type { ProviderAccount, SubmitOutcome } from '../provider.js';
import { hasError, readSubmitAnswer, refusals, refuseSubmit, type Refusal } from '../submit-answer.js';
import { taskAddress, taskIdText } from '../task-id.js';
import type { Exchange } from '../exchange.js';
import { taskUrl, type TaskAddress } from './address.js';

const acceptance = z.object({
  request_id: taskIdText.nullable().catch(null),
  status_url: taskAddress,
  response_url: taskAddress,
  cancel_url: taskAddress,
});

type Asked = { account: ProviderAccount; endpoint: string; now: number };

export function readSubmit(exchange: Exchange, asked: Asked): SubmitOutcome {
  const { account, now } = asked;
  return readSubmitAnswer(exchange, {
    apiKey: account.apiKey,
    now,
    refusalFor: (status, answer) => (status === 403 ? forbidden(answer) : null),
    accept: (answer, status) => accept(answer, status, asked),
  });
}

/** A locked account answers 403 and says in words that its balance is exhausted (third parties; no code is documented). */
function forbidden(answer: Record<string, unknown> | null): Refusal | null {
  return /balance|credit|billing|top up/i.test(findExplanation(answer) ?? '') ? refusals.outOfCredits : null;
}

/**
 * A 2xx is a success only with a request id. An answer that is an `error` and nothing else is the application's own word that
 * there is no request; anything in between proves nothing.
 */
function accept(answer: Record<string, unknown>, status: number, { account, endpoint }: Asked): SubmitOutcome {
  const { apiKey } = account;
  const { request_id: taskId, status_url, response_url, cancel_url } = acceptance.parse(answer);
  const failed = hasError(answer);
  const explanation = findExplanation(answer) ?? 'no reason given';
  if (taskId === null && failed) return refuseSubmit(refusals.wrong, { status, explanation, apiKey });
  if (taskId === null) return { kind: 'unknown', message: 'the answer names no request', httpStatus: status };
  if (failed) {
    const message = tidy(`the answer names a request and an error: ${explanation}`, apiKey);
    return { kind: 'unknown', message, httpStatus: status };
  }
  const built = (which: TaskAddress): string | null => taskUrl(account, endpoint, taskId, which)?.href ?? null;
  const task = {
    taskId,
    pollingUrl: status_url ?? built('status'),
    resultUrl: response_url ?? built('result'),
    cancelUrl: cancel_url ?? built('cancel'),
  };
  return { kind: 'accepted', task, costMicros: null, look: null };
}
