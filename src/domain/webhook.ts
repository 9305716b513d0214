import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AttemptRef } from './ports.js';

/**
 * A webhook's address carries a token that names its attempt and that nobody can guess. The token and the secret with which
 * the provider signs are both derived from one random key of the attempt: neither can be told from the other.
 */
export function newWebhookKey(): Buffer {
  return randomBytes(32);
}

const macBytes = 16;
/** A UUID, two bytes of number, and the MAC, in base64url. */
const tokenShape = /^[\w-]{46}$/;

function derive(key: Uint8Array, purpose: string): Buffer {
  return createHmac('sha256', key).update(purpose).digest();
}

function macOf(key: Uint8Array, { generationId, n }: AttemptRef): Buffer {
  return derive(key, `token ${generationId} ${n}`).subarray(0, macBytes);
}

export function webhookToken(key: Uint8Array, ref: AttemptRef): string {
  const number = Buffer.alloc(2);
  number.writeUInt16BE(ref.n);
  const id = Buffer.from(ref.generationId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, number, macOf(key, ref)]).toString('base64url');
}

/** What the provider signs with: 64 hexadecimal digits. */
export function webhookSecret(key: Uint8Array): string {
  return derive(key, 'secret').toString('hex');
}

/** The attempt that a token claims to be of; null when it has not the form of one. */
export function readWebhookToken(token: string): (AttemptRef & { mac: Buffer }) | null {
  if (!tokenShape.test(token)) return null;
  const bytes = Buffer.from(token, 'base64url');
  const generationId = bytes
    .subarray(0, 16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { generationId, n: bytes.readUInt16BE(16), mac: bytes.subarray(18) };
}

/** Whether the token was made with this key, found out in constant time. */
export function isWebhookToken(key: Uint8Array, token: AttemptRef & { mac: Buffer }): boolean {
  return timingSafeEqual(macOf(key, token), token.mac);
}

/** A webhook as it came, with the secret that its task was given. */
export type WebhookDelivery = {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came. */
  body: Buffer;
  /** What the attempt's provider was told to sign with. */
  secret: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
};

/** The account that a webhook is checked for, without its key. */
export type WebhookAccount = {
  id: string;
  baseUrl: string;
  hosts: readonly string[];
  /** What the provider signs with, where that is the account's and not the attempt's. */
  webhookSecret: string | null;
};

/** What a webhook is good for: a hint that this task may be done. Whatever else it says is not believed. */
export type WebhookReading = { ok: true; taskId: string } | { ok: false; reason: string };

/** Checks and reads one provider's webhook, without the account's key. A fault of the network is no reading: it throws. */
export type WebhookReader = (
  account: WebhookAccount,
  delivery: WebhookDelivery,
) => WebhookReading | Promise<WebhookReading>;
