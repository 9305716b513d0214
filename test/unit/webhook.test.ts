import { assert, integer, nat, property } from 'fast-check';
import { expect, it } from 'vitest';
import {
  isWebhookToken,
  newWebhookKey,
  readWebhookToken,
  webhookSecret,
  webhookToken,
} from '../../src/domain/webhook.js';
import { idAt } from './fakes.js';

const key = Buffer.alloc(32, 7);
const ref = { generationId: idAt(20), n: 3 };

function read(token: string): NonNullable<ReturnType<typeof readWebhookToken>> {
  const claim = readWebhookToken(token);
  if (claim === null) throw new Error('That is no token.');
  return claim;
}

it('a token names its attempt, and is told from any other', () => {
  const token = webhookToken(key, ref);
  expect(token).toMatch(/^[\w-]{46}$/);
  const claim = read(token);
  expect(claim).toMatchObject(ref);
  expect(isWebhookToken(key, claim)).toBe(true);
  expect(isWebhookToken(newWebhookKey(), claim)).toBe(false);
  expect(isWebhookToken(key, { ...claim, n: 4 })).toBe(false);
  expect(isWebhookToken(key, { ...claim, generationId: idAt(21) })).toBe(false);
});

it('no changed token passes', () => {
  const bytes = Buffer.from(webhookToken(key, ref), 'base64url');
  assert(
    property(nat({ max: bytes.length - 1 }), integer({ min: 1, max: 255 }), (at, flip) => {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ flip;
      const claim = readWebhookToken(forged.toString('base64url'));
      expect(claim !== null && isWebhookToken(key, claim)).toBe(false);
    }),
    { seed: 3, numRuns: 300 },
  );
});

it('what has not the form of a token is none', () => {
  for (const text of ['', 'x', 'x'.repeat(45), 'x'.repeat(47), `${'x'.repeat(45)}=`, '../'.repeat(15)]) {
    expect(readWebhookToken(text)).toBeNull();
  }
});

it('the secret is not the token, nor told by it', () => {
  expect(webhookSecret(key)).toMatch(/^[0-9a-f]{64}$/);
  expect(webhookSecret(key)).not.toContain(read(webhookToken(key, ref)).mac.toString('hex'));
});
