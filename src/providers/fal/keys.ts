import type { KeyObject } from 'node:crypto';
import { readObject } from '../answer.js';
import { describeExchange } from '../ask-answer.js';
import type { Transport } from '../transport.js';
import { readKeys } from './signature.js';

/** Keys are kept for a day at most (fal documentation, 2026), and asked for again at most once a minute. */
const keptMs = 24 * 60 * 60_000;
const notAgainMs = 60_000;
const timeoutMs = 5_000;
const maxBytes = 64 * 1024;

export type KeyRing = {
  /** The public keys at an address. Throws when they cannot be had. */
  at(url: URL, now: number): Promise<readonly KeyObject[]>;
  /** Newer ones, for a signature that none of those fits; null when they have only just been fetched. */
  newer(url: URL, now: number): Promise<readonly KeyObject[] | null>;
};

type Kept = { keys: readonly KeyObject[]; fetchedAt: number };

/** `now` is in milliseconds since the epoch. An address is asked once at a time, whoever waits for it. */
export function createKeyRing(transport: Pick<Transport, 'read'>): KeyRing {
  const kept = new Map<string, Kept>();
  const fetching = new Map<string, Promise<Kept>>();

  async function request(url: URL, now: number): Promise<Kept> {
    const headers = { accept: 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    const exchange = await transport.read({ method: 'GET', url, headers, maxBytes, signal });
    const set = exchange.kind === 'answered' && exchange.status === 200 ? readObject(exchange.body) : null;
    const keys = set === null ? [] : readKeys(set);
    if (keys.length === 0) {
      throw new Error(
        `The keys of webhooks could not be fetched from ${url.origin}: ${describeExchange(exchange, '')}`,
      );
    }
    const fresh = { keys, fetchedAt: now };
    kept.set(url.href, fresh);
    return fresh;
  }

  async function fetchOnce(url: URL, now: number): Promise<readonly KeyObject[]> {
    const running = fetching.get(url.href) ?? request(url, now).finally(() => fetching.delete(url.href));
    fetching.set(url.href, running);
    return (await running).keys;
  }

  return {
    async at(url, now) {
      const known = kept.get(url.href);
      return known !== undefined && now - known.fetchedAt < keptMs ? known.keys : await fetchOnce(url, now);
    },
    async newer(url, now) {
      const known = kept.get(url.href);
      return known !== undefined && now - known.fetchedAt < notAgainMs ? null : await fetchOnce(url, now);
    },
  };
}
