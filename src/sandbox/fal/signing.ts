import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { sha256 } from '../random.js';

/** ED25519 private keys begin so in PKCS #8 (RFC 8410); 32 bytes follow. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A key pair that follows from the sandbox's seed, so that a restart does not change it. */
function keyFrom(...parts: string[]): KeyObject {
  const secret = createHash('sha256').update(parts.join('\u0000')).digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8, secret]), format: 'der', type: 'pkcs8' });
}

export type Signer = {
  /** The published keys. The first is one that signs nothing any more: a verifier has to try them all. */
  readonly jwks: { keys: Record<string, unknown>[] };
  /** Headers for a webhook's raw body at the moment `at` (ms since the epoch). */
  headers(of: { requestId: string; userId: string; at: number; body: string; forged: boolean }): Record<string, string>;
};

export function createSigner(seed: string): Signer {
  const [former, current, other] = ['former', 'current', 'nobody'].map((name) => keyFrom('fal', seed, name));
  const published = (key: KeyObject | undefined, kid: string): Record<string, unknown> => ({
    ...(key === undefined ? {} : createPublicKey(key).export({ format: 'jwk' })),
    kid,
    use: 'sig',
    alg: 'EdDSA',
  });
  return {
    jwks: { keys: [published(former, '1'), published(current, '2')] },
    headers({ requestId, userId, at, body, forged }) {
      const timestamp = String(Math.floor(at / 1000));
      const message = [requestId, userId, timestamp, sha256(body)].join('\n');
      const key = forged ? other : current;
      return {
        'X-Fal-Webhook-Request-Id': requestId,
        'X-Fal-Webhook-User-Id': userId,
        'X-Fal-Webhook-Timestamp': timestamp,
        ...(key === undefined
          ? {}
          : { 'X-Fal-Webhook-Signature': sign(null, Buffer.from(message), key).toString('hex') }),
      };
    },
  };
}
