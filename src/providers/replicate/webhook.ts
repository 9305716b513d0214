import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { WebhookAccount, WebhookDelivery, WebhookReading } from '../../domain/webhook.js';
import { readObject } from '../answer.js';
import { taskIdText } from '../task-id.js';

/** A delivery may be so old, or from so far in the future (Standard Webhooks). */
const clockSkewMs = 300_000;
const secretShape = /^whsec_([A-Za-z0-9+/_-]+={0,2})$/;
const shape = z.object({ id: taskIdText });

/**
 * Standard Webhooks, as Replicate signs: HMAC-SHA256 over id, time and raw body, joined with dots, keyed with what follows
 * `whsec_`; the header lists one signature or several, `v1,<base64>` (Replicate documentation, 2026). The secret is the
 * account's own.
 */
export function readWebhook(
  { webhookSecret }: Pick<WebhookAccount, 'webhookSecret'>,
  { headers, body, receivedAt }: WebhookDelivery,
): WebhookReading {
  const [, secret] = secretShape.exec(webhookSecret?.trim() ?? '') ?? [];
  const key = Buffer.from(secret ?? '', 'base64');
  if (key.length === 0) return { ok: false, reason: 'the account has no webhook secret of the form whsec_…' };
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return { ok: false, reason: 'it is not signed' };
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(receivedAt - Number(timestamp) * 1000) > clockSkewMs) {
    return { ok: false, reason: 'its time is too far from ours' };
  }
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  if (!signatures.split(' ').some((each) => isEqual(each, mac))) return { ok: false, reason: 'the signature is wrong' };
  const answer = shape.safeParse(readObject({ kind: 'whole', bytes: body }));
  return answer.success ? { ok: true, taskId: answer.data.id } : { ok: false, reason: 'the body names no prediction' };
}

function isEqual(signature: string, mac: Buffer): boolean {
  const [version, base64 = ''] = signature.split(',');
  const given = Buffer.from(base64, 'base64');
  return version === 'v1' && given.length === mac.length && timingSafeEqual(given, mac);
}
