import { z } from 'zod';
import { tidy } from '../answer.js';
import type { SubmitOutcome } from '../provider.js';
import { readSubmitAnswer } from '../submit-answer.js';
import { taskAddress, taskIdText } from '../task-id.js';
import type { Exchange } from '../exchange.js';
import { pauseInWords } from './pause-words.js';
import { readEnd } from './prediction.js';

const acceptance = z.object({
  id: taskIdText.nullable().catch(null),
  urls: z.object({ get: taskAddress, cancel: taskAddress }).catch({ get: null, cancel: null }),
});

export function readSubmit(exchange: Exchange, apiKey: string, now: number): SubmitOutcome {
  const outcome = readSubmitAnswer(exchange, {
    apiKey,
    now,
    accept: (answer, status) => accept(answer, status, apiKey),
  });
  if (outcome.kind !== 'refused' || outcome.code !== 'PROVIDER_BUSY') return outcome;
  return { ...outcome, retryAfterMs: outcome.retryAfterMs ?? pauseInWords(outcome.message) };
}

/** 201 or 202 with a prediction, which has an `error` of its own: an answer is a success by its id. */
function accept(answer: Record<string, unknown>, status: number, apiKey: string): SubmitOutcome {
  const { id, urls } = acceptance.parse(answer);
  if (id === null) {
    const message = tidy('the answer names no prediction', apiKey);
    return { kind: 'unknown', message, httpStatus: status };
  }
  const task = { taskId: id, pollingUrl: urls.get, resultUrl: null, cancelUrl: urls.cancel };
  return { kind: 'accepted', task, costMicros: null, look: readEnd(answer, apiKey) };
}
