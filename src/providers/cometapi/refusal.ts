import { z } from 'zod';
import { refusals, type Refusal } from '../submit-answer.js';

const text = z.string().catch('');
/** `{"error":{"message","type","param","code"}}` (CometAPI documentation, 2026). */
const envelope = z.object({ error: z.object({ message: text, code: text }) });

/**
 * What CometAPI's errors mean that the HTTP status does not say: 500 with `invalid_request` is the request's fault; an
 * exhausted balance may come under any status, 200 among them (callers of gateways of this form).
 */
export function refusalFor(status: number, answer: Record<string, unknown> | null): Refusal | null {
  const { data } = envelope.safeParse(answer);
  if (data === undefined) return null;
  const { code, message } = data.error;
  if (status < 500 && isBalance(`${code} ${message}`)) return refusals.outOfCredits;
  return status === 500 && code === 'invalid_request' ? refusals.wrong : null;
}

function isBalance(said: string): boolean {
  return /\binsufficient[_ ](\w+[_ ])?(quota|balance|credits?)\b/i.test(said);
}
