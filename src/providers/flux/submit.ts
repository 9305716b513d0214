import { z } from 'zod';
import { findExplanation, tidy } from '../answer.js';
import type { SubmitOutcome } from '../provider.js';
import { hasError, readSubmitAnswer, refusals, refuseSubmit, type Refusal } from '../submit-answer.js';
import type { Exchange } from '../exchange.js';
import { readEnd } from './look.js';
import type { FluxReading } from './reading.js';
import { taskAddress, taskIdText } from '../task-id.js';

const taskId = z.union([z.string(), z.int()]).transform(String).pipe(taskIdText);
const acceptance = z.object({
  id: taskId.nullable().catch(null),
  polling_url: taskAddress,
  cost: z.unknown().optional(),
});

/** A dialect's own meaning of an answer that is no task; null: the usual one. */
export type FluxRefusals = (status: number, answer: Record<string, unknown> | null) => Refusal | null;

export function readSubmit(exchange: Exchange, reading: FluxReading, refusalFor?: FluxRefusals): SubmitOutcome {
  const { apiKey, now } = reading;

  /**
   * A 2xx is a success only with a task id. Without one it proves nothing, with one exception: an answer that is an
   * `error` and nothing else is the application's own word that there is no task, so the caller hears it at once. It is
   * not sent again by itself (`never`), so even a gateway that errs there cannot make us pay twice; only what a gateway is
   * known to mean by it may say otherwise.
   */
  function accept(answer: Record<string, unknown>, status: number): SubmitOutcome {
    const { id, polling_url, cost } = acceptance.parse(answer);
    const failed = hasError(answer);
    const explanation = findExplanation(answer) ?? 'no reason given';
    if (id === null && failed) {
      const refusal = refusalFor?.(status, answer) ?? refusals.wrong;
      return refuseSubmit(refusal, { status, explanation, apiKey });
    }
    if (id === null) return { kind: 'unknown', message: 'the answer names no task', httpStatus: status };
    const look = readEnd(answer, reading);
    if (failed && look === null) {
      const message = tidy(`the answer names a task and an error: ${explanation}`, apiKey);
      return { kind: 'unknown', message, httpStatus: status };
    }
    const task = { taskId: id, pollingUrl: polling_url, resultUrl: null, cancelUrl: null };
    return { kind: 'accepted', task, costMicros: reading.cost(cost), look };
  }

  return readSubmitAnswer(exchange, { apiKey, now, accept, ...(refusalFor === undefined ? {} : { refusalFor }) });
}
