import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

/** The head of a PKCS #8 document with an Ed25519 key (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The same key for the same words, always. */
export function keyFrom(words: string): KeyObject {
  const seed = createHash('sha256').update(words).digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' });
}

/** The public half, as it stands in a JWKS. */
export function publicJwk(words: string): object {
  return { ...createPublicKey(keyFrom(words)).export({ format: 'jwk' }), kid: words, use: 'sig', alg: 'EdDSA' };
}

/** A delivery as fal signs it; `at` in ms since the epoch. */
export function sealed(
  content: object | string,
  { words, at }: { words: string; at: number },
): { headers: Record<string, string>; body: Buffer } {
  const body = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const [requestId, userId, timestamp] = ['r-1', 'user-1', String(Math.floor(at / 1000))];
  const digest = createHash('sha256').update(body).digest('hex');
  const message = Buffer.from([requestId, userId, timestamp, digest].join('\n'));
  return {
    headers: {
      'x-fal-webhook-request-id': requestId,
      'x-fal-webhook-user-id': userId,
      'x-fal-webhook-timestamp': timestamp,
      'x-fal-webhook-signature': sign(null, message, keyFrom(words)).toString('hex'),
    },
    body,
  };
}
