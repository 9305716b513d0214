import { createHmac, timingSafeEqual } from 'node:crypto';

const scheme = 'sha256=';

/** Whether a header `sha256=<hex>` is the HMAC-SHA256 of the raw body, keyed with the secret's UTF-8 text. */
export function isSigned(signature: string, body: Buffer, secret: string): boolean {
  const mac = createHmac('sha256', secret).update(body).digest('hex');
  return isSame(signature.trim().toLowerCase(), `${scheme}${mac}`);
}

/** Compares in a time that does not tell how much of it is right. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
