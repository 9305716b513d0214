import { z } from 'zod';
import { findExplanation, readObject, tidy } from '../answer.js';
import { unansweredCall } from '../ask-answer.js';
import type { BindingCheck, ListOutcome } from '../provider.js';
import type { Exchange } from '../exchange.js';

const name = z.string().trim().min(1).max(200);
/** The list's entries are documented as nothing but a list (BFL OpenAPI, April 2026): ids alone and objects are both read. */
const entry = z.union([
  name.transform((finetune_id) => ({ finetune_id, finetune_comment: null, trigger_word: null })),
  z.object({
    finetune_id: name,
    finetune_comment: name.nullable().catch(null),
    trigger_word: name.nullable().catch(null),
  }),
]);
const list = z.object({ finetunes: z.array(z.unknown()) });

/** `{"finetunes": [..]}` of `GET /v1/my_finetunes`. */
export function readFinetunes(exchange: Exchange, apiKey: string): ListOutcome {
  const answer = answerOf(exchange, apiKey);
  if (answer.kind !== 'answer') return answer;
  const { data } = list.safeParse(answer.whole);
  if (data === undefined) return { kind: 'unavailable', message: 'the answer lists no finetunes' };
  const finetunes = data.finetunes.flatMap((each) => {
    const { data: found } = entry.safeParse(each);
    if (found === undefined) return [];
    const { finetune_id: finetuneId, finetune_comment: comment, trigger_word: triggerWord } = found;
    return [{ finetuneId, loraUrl: null, name: comment ?? finetuneId, triggerWord }];
  });
  return { kind: 'listed', finetunes };
}

/** What `GET /v1/finetune_details?finetune_id=` says of one: its details, or that there is none. */
export function readFinetuneDetails(exchange: Exchange, apiKey: string, finetuneId: string): BindingCheck {
  if (exchange.kind === 'answered' && [400, 404, 422].includes(exchange.status)) {
    const said = findExplanation(readObject(exchange.body));
    // FastAPI's own words for a path that is not there say nothing of the finetune.
    if (said === 'Not Found') return { kind: 'unknown', message: 'the provider no longer tells of single finetunes' };
    return { kind: 'invalid', message: tidy(said ?? `the provider does not know ${finetuneId}`, apiKey) };
  }
  const answer = answerOf(exchange, apiKey);
  if (answer.kind !== 'answer') return { kind: 'unknown', message: answer.message };
  if (!('finetune_details' in answer.whole)) return { kind: 'unknown', message: 'the answer has no details' };
  return { kind: 'valid', message: `the account has ${tidy(finetuneId, apiKey)}` };
}

function answerOf(
  exchange: Exchange,
  apiKey: string,
): { kind: 'answer'; whole: Record<string, unknown> } | ReturnType<typeof unansweredCall> {
  const well = exchange.kind === 'answered' && exchange.status >= 200 && exchange.status < 300;
  const whole = well ? readObject(exchange.body) : null;
  return whole === null ? unansweredCall(exchange, apiKey) : { kind: 'answer', whole };
}
