import { onTestFinished } from 'vitest';
import type { Provider, ProviderAccount } from '../../src/providers/provider.js';
import { startUpstream, type Reply, type Upstream } from './upstream.js';

export const never = new AbortController().signal;

/** An adapter before a scripted upstream; fails the test when a scripted reply was not asked for. */
export async function startScripted(
  create: () => Provider,
  apiKey: string,
  replies: readonly Reply[],
): Promise<{ provider: Provider; upstream: Upstream; account: ProviderAccount }> {
  const upstream = await startUpstream(...replies);
  const provider = create();
  onTestFinished(async () => {
    await provider.close();
    await upstream.close();
    if (upstream.queue.length > 0) throw new Error(`${upstream.queue.length} scripted replies were not asked for`);
  });
  return { provider, upstream, account: { id: 'main', baseUrl: upstream.origin, apiKey, hosts: [] } };
}
