import { z } from 'zod';
import type { WebhookDelivery, WebhookReading } from '../../domain/webhook.js';
import { readObject } from '../answer.js';
import { isSigned } from '../flux/signature.js';

import { taskIdText } from '../task-id.js';

const answerShape = z.object({ id: taskIdText });

/**
 * `X-BFL-Signature: sha256=<hex>`, HMAC-SHA256 over the raw body, keyed with the secret's UTF-8 text (BFL's agent guide,
 * February 2026; its reference documentation names no header). So one without a signature passes for a hint, on the
 * strength of its token; one with a wrong signature never does.
 */
export function readWebhook(_account: unknown, { headers, body, secret }: WebhookDelivery): WebhookReading {
  const signature = headers['x-bfl-signature'];
  if (signature !== undefined && !isSigned(String(signature), body, secret)) {
    return { ok: false, reason: 'the signature is wrong' };
  }
  const answer = answerShape.safeParse(readObject({ kind: 'whole', bytes: body }));
  return answer.success ? { ok: true, taskId: answer.data.id } : { ok: false, reason: 'the body names no task' };
}
