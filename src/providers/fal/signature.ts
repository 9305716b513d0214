import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { WebhookDelivery } from '../../domain/webhook.js';

/** A delivery may be so old, or from so far in the future (fal documentation, 2026). */
const clockSkewMs = 300_000;

const keySet = z.looseObject({ keys: z.array(z.unknown()) });
const publicKey = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519').default('Ed25519'),
  x: z.string().regex(/^[\w-]{43}=?$/),
});

/** The Ed25519 keys of a JWKS; whatever else is in it is passed over. */
export function readKeys(set: Record<string, unknown>): KeyObject[] {
  const { keys } = keySet.safeParse(set).data ?? { keys: [] };
  return keys.flatMap((each) => {
    const { data } = publicKey.safeParse(each);
    if (data === undefined) return [];
    try {
      return [createPublicKey({ key: { kty: data.kty, crv: data.crv, x: data.x }, format: 'jwk' })];
    } catch {
      return [];
    }
  });
}

/** What of a delivery is signed, and with what; or why it cannot be a true one. */
export type Sealed = { ok: true; message: Buffer; signature: Buffer } | { ok: false; reason: string };

export function openSeal({ headers, body, receivedAt }: WebhookDelivery): Sealed {
  const names = ['request-id', 'user-id', 'timestamp', 'signature'] as const;
  const [requestId, userId, timestamp, signature] = names.map((name) => headers[`x-fal-webhook-${name}`]);
  if (
    typeof requestId !== 'string' ||
    typeof userId !== 'string' ||
    typeof timestamp !== 'string' ||
    typeof signature !== 'string'
  ) {
    return { ok: false, reason: 'it is not signed' };
  }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(receivedAt - Number(timestamp) * 1000) > clockSkewMs) {
    return { ok: false, reason: 'its time is too far from ours' };
  }
  if (!/^[0-9a-f]{128}$/i.test(signature)) return { ok: false, reason: 'the signature is wrong' };
  const digest = createHash('sha256').update(body).digest('hex');
  const message = Buffer.from([requestId, userId, timestamp, digest].join('\n'));
  return { ok: true, message, signature: Buffer.from(signature, 'hex') };
}

/** Whether one of the keys has signed it: fal says not which. */
export function isSigned(keys: readonly KeyObject[], { message, signature }: Extract<Sealed, { ok: true }>): boolean {
  return keys.some((key) => verify(null, message, key, signature));
}
