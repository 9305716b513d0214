import { z } from 'zod';
import type { WebhookDelivery, WebhookReading } from '../../domain/webhook.js';
import { readObject } from '../answer.js';
import { isSame, isSigned } from '../flux/signature.js';
import { taskIdText } from '../task-id.js';

const answerShape = z.object({ id: taskIdText });
const secretNames = ['webhook_secret', 'secret'] as const;
const secretHeaders = ['x-webhook-secret', 'webhook-secret'] as const;

/**
 * The documentation says that the secret is included in the payload, not where (CometAPI documentation, 2026), and a
 * gateway may pass BFL's own webhook on. So wherever a secret or a signature is found it has to be right; without one the
 * token in the address is what counts.
 */
export function readWebhook(_account: unknown, { headers, body, secret }: WebhookDelivery): WebhookReading {
  const answer = readObject({ kind: 'whole', bytes: body });
  const signature = headers['x-bfl-signature'];
  if (signature !== undefined && !isSigned(String(signature), body, secret)) {
    return { ok: false, reason: 'the signature is wrong' };
  }
  const given = [...secretNames.map((name) => answer?.[name]), ...secretHeaders.map((name) => headers[name])];
  const told = given.filter((each) => each !== undefined && each !== null);
  if (!told.every((each) => typeof each === 'string' && isSame(each, secret))) {
    return { ok: false, reason: 'the secret is wrong' };
  }
  const { data } = answerShape.safeParse(answer);
  return data === undefined ? { ok: false, reason: 'the body names no task' } : { ok: true, taskId: data.id };
}
