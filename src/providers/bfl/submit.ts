import { z } from 'zod';
import { findExplanation, tidy } from '../answer.js';
import { parseUrl } from '../hosts.js';
import type { SubmitOutcome } from '../provider.js';
import { readSubmitAnswer, refusals, refuseSubmit } from '../submit-answer.js';
import type { Exchange } from '../transport.js';
import { costInCredits } from './cost.js';
import { taskIdText } from '../task-id.js';

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
  return readSubmitAnswer(exchange, { apiKey, now, accept: (answer, status) => accept(answer, status, apiKey) });
}

/**
 * A 2xx is a success only with a task id. Without one it proves nothing, with one exception: an answer that is an `error`
 * and nothing else is the application's own word that there is no task, so the caller hears it at once. It is never sent
 * again by itself (`never`), so even a gateway that errs there cannot make us pay twice.
 */
function accept(answer: Record<string, unknown>, status: number, apiKey: string): SubmitOutcome {
  const { id, polling_url, cost } = acceptance.parse(answer);
  const failed = hasError(answer);
  const explanation = findExplanation(answer) ?? 'no reason given';
  if (id === null && failed) return refuseSubmit(refusals.wrong, { status, explanation, apiKey });
  if (id === null) return { kind: 'unknown', message: 'the answer names no task', httpStatus: status };
  if (failed) {
    const message = tidy(`the answer names a task and an error: ${explanation}`, apiKey);
    return { kind: 'unknown', message, httpStatus: status };
  }
  const task = { taskId: id, pollingUrl: polling_url, resultUrl: null, cancelUrl: null };
  return { kind: 'accepted', task, costMicros: cost, look: null };
}

function hasError(answer: Record<string, unknown>): boolean {
  const error = answer['error'];
  return error !== undefined && error !== null && error !== false && error !== '';
}
