import { expect, it, onTestFinished } from 'vitest';
import type { Provider, ProviderAccount } from '../../../src/providers/provider.js';
import type { Timeouts } from '../../../src/providers/transport.js';
import { startUpstream, type Reply, type SeenRequest, type Upstream } from '../upstream.js';
import { isNone, type Contract, type None } from './contract.js';

export const never = new AbortController().signal;

export type Bench = { provider: Provider; upstream: Upstream; account: ProviderAccount; home: string };

type Options = { timeouts?: Partial<Timeouts>; maxImageBytes?: number; unusedMayStay?: boolean };

/**
 * An adapter before a scripted upstream. When the test is over it also fails if a reply was not asked for, or if the key
 * was seen anywhere but in its header.
 */
export async function startBench(
  contract: Contract,
  script: (home: string) => readonly Reply[],
  { unusedMayStay = false, ...options }: Options = {},
): Promise<Bench> {
  const upstream = await startUpstream();
  upstream.queue.push(...script(upstream.origin));
  const provider = contract.create(options);
  const account = contract.account(upstream.origin);
  onTestFinished(async () => {
    await provider.close();
    await upstream.close();
    for (const request of upstream.requests) expect(leaks(contract, request)).toBe(false);
    if (!unusedMayStay) expect(upstream.queue).toEqual([]);
  });
  return { provider, upstream, account, home: upstream.origin };
}

/** Somebody else's server, at which nothing may arrive. */
export async function startForeign(): Promise<{ origin: string; port: number }> {
  const foreign = await startUpstream();
  onTestFinished(async () => {
    await foreign.close();
    expect(foreign.requests).toEqual([]);
  });
  return foreign;
}

export function keyOf(contract: Contract): string {
  return contract.account('http://127.0.0.1:1').apiKey;
}

/** No outcome may tell the key. */
export function expectNoKey(contract: Contract, outcome: unknown): void {
  const key = keyOf(contract);
  if (key !== '') expect(JSON.stringify(outcome)).not.toContain(key);
}

function leaks(contract: Contract, { url, headers, body }: SeenRequest): boolean {
  const key = keyOf(contract);
  if (key === '') return false;
  const { credential } = contract;
  const others = Object.entries(headers).filter(([name]) => isNone(credential) || name !== credential.header);
  return JSON.stringify([url, body, others]).includes(key);
}

/** Whether a request came with the key, in the form that the provider wants. */
export function hasKey(contract: Contract, { headers }: SeenRequest): boolean {
  const { credential } = contract;
  return !isNone(credential) && headers[credential.header] === credential.value;
}

/** The requests that cost money. */
export function submitsIn(contract: Contract, { requests }: Upstream): SeenRequest[] {
  return requests.filter(({ method, url }) => `${method} ${url.replace(/\?.*/, '')}` === contract.submit.address);
}

/** Tests what the provider has; where it has none, its reason stands in the report, and `absent` must hold. */
export function row<Present extends object>(
  name: string,
  part: Present | None,
  test: (part: Present) => void | Promise<void>,
  absent: () => void | Promise<void> = () => undefined,
): void {
  if (!isNone(part)) {
    it(name, () => test(part));
    return;
  }
  it(`${name}: none here, ${part.none}`, async () => {
    expect(part.none).toMatch(/\w+ \w+/);
    await absent();
  });
}
