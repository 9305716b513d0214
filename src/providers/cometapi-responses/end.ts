import { z } from 'zod';
import { findExplanation, tidy } from '../answer.js';
import type { FinalLook } from '../provider.js';
import { findPicture } from './picture.js';
import { partsOf, textOf } from './output.js';

const word = z.string().trim().toLowerCase().catch('');
const text = z.string().catch('');
/** OpenAI's Response, as its public client types it (openai 7, 2026); CometAPI documents no answer for FLUX. */
const response = z.object({
  status: word,
  error: z.object({ code: text, type: text, message: text }).nullable().catch(null),
  incomplete_details: z.object({ reason: text }).nullable().catch(null),
});

/** How a response ended; null when it does not say that it has. */
export function readEnd(answer: Record<string, unknown>, apiKey: string): FinalLook | null {
  const { status, error, incomplete_details } = response.parse(answer);
  if (status === 'failed' || (error !== null && status !== 'completed' && status !== 'incomplete')) {
    return readFailure(answer, error, apiKey);
  }
  if (status === 'cancelled' || status === 'canceled') {
    return { kind: 'canceled', message: 'the response was cancelled at the provider' };
  }
  const parts = partsOf(answer);
  const refused = parts.find(({ refusal }) => refusal !== null);
  if (refused !== undefined) {
    // Where an image call stands beside it, what was made of the prompt is what was withheld.
    const called = parts.some(({ type }) => type === 'image_generation_call');
    return moderated(called ? 'OUTPUT' : 'INPUT', refused.refusal, apiKey);
  }
  const reason = incomplete_details?.reason ?? '';
  if (isModeration(reason)) return moderated('OUTPUT', reason, apiKey);
  const blocked = parts.find((part) => part.error !== null);
  if (blocked !== undefined && isModeration(blocked.error ?? '')) return moderated('OUTPUT', blocked.error, apiKey);
  if (status === 'incomplete') {
    return { kind: 'failed', message: tidy(`the response is incomplete: ${reason || 'no reason given'}`, apiKey) };
  }
  const image = findPicture(parts);
  if (image !== null) {
    return { kind: 'ready', image, seed: null, costMicros: null, startedAt: null, finishedAt: null };
  }
  if (status !== 'completed') return null;
  const said = textOf(parts);
  return { kind: 'failed', message: tidy(`the response holds no picture${said === '' ? '' : `: ${said}`}`, apiKey) };
}

/** What an error under an HTTP status says of moderation, as OpenAI's `moderation_blocked` under 400; null: nothing. */
export function readBlocked(answer: Record<string, unknown>, apiKey: string): FinalLook | null {
  const { error } = response.parse(answer);
  const end = error === null ? null : readFailure(answer, error, apiKey);
  return end?.kind === 'moderated' ? end : null;
}

function readFailure(
  answer: Record<string, unknown>,
  error: z.infer<typeof response>['error'],
  apiKey: string,
): FinalLook {
  const explanation = findExplanation(answer) ?? 'the provider reports a failure and gives no reason';
  return error !== null && isModeration(`${error.code} ${error.type}`)
    ? moderated('INPUT', explanation, apiKey)
    : { kind: 'failed', message: tidy(explanation, apiKey) };
}

/** OpenAI's codes for what its rules forbid: `image_content_policy_violation`, `content_filter`, `moderation_blocked`. */
function isModeration(code: string): boolean {
  return /policy|moderat|safety|content_filter/i.test(code);
}

function moderated(stage: 'INPUT' | 'OUTPUT', reason: string | null, apiKey: string): FinalLook {
  const told = tidy(reason ?? '', apiKey, 100);
  return { kind: 'moderated', stage, reasons: told === '' ? [] : [told] };
}
