import { z } from 'zod';
import { refusalFor } from '../cometapi/refusal.js';
import { findExplanation, readObject } from '../answer.js';
import { taskIdText } from '../task-id.js';
import type { SubmitOutcome, TaskHandle } from '../provider.js';
import { readSubmitAnswer, refusals, refuseSubmit } from '../submit-answer.js';
import type { Exchange } from '../exchange.js';
import { readBlocked, readEnd } from './end.js';

const named = z.object({ id: taskIdText.nullable().catch(null) });

/**
 * What became of a submit: the answer is the outcome. An answer that holds a picture, or a word on why there is none, is
 * about a task of ours even where it names none; the attempt's own key names it then.
 */
export function readSubmit(exchange: Exchange, reading: { apiKey: string; now: number; key: string }): SubmitOutcome {
  const { apiKey, now, key } = reading;
  function accept(answer: Record<string, unknown>, status: number): SubmitOutcome {
    const { id } = named.parse(answer);
    const look = readEnd(answer, apiKey);
    if (id === null && look?.kind !== 'ready') {
      const { error } = answer;
      if (error === undefined || error === null || error === false || error === '') {
        return {
          kind: 'unknown',
          message: 'the answer holds neither a picture nor the name of a response',
          httpStatus: status,
        };
      }
      const explanation = findExplanation(answer) ?? 'no reason given';
      return refuseSubmit(refusalFor(status, answer) ?? refusals.wrong, { status, explanation, apiKey });
    }
    const end = look ?? {
      kind: 'failed' as const,
      message: 'the answer came without a picture, and cannot be asked for again',
    };
    return { kind: 'accepted', task: taskOf(id ?? key), costMicros: null, look: end };
  }
  // Refused for what it says: that is an outcome, and the same request would meet it again.
  if (exchange.kind === 'answered' && exchange.status >= 400 && exchange.status < 500) {
    const answer = readObject(exchange.body);
    const look = answer === null ? null : readBlocked(answer, apiKey);
    if (look !== null) return { kind: 'accepted', task: taskOf(key), costMicros: null, look };
  }
  return readSubmitAnswer(exchange, { apiKey, now, accept, refusalFor });
}

function taskOf(taskId: string): TaskHandle {
  return { taskId, pollingUrl: null, resultUrl: null, cancelUrl: null };
}
