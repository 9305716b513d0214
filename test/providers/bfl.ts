import { onTestFinished } from 'vitest';
import { createBflProvider } from '../../src/providers/bfl/bfl.js';
import type { Provider, ProviderAccount, SubmitRequest, TaskHandle } from '../../src/providers/provider.js';
import { startUpstream, type Reply, type Upstream } from './upstream.js';

export const apiKey = 'bfl-secret-key-0123456789';

export function accountAt(baseUrl: string, hosts: readonly string[] = []): ProviderAccount {
  return { id: 'main', baseUrl, apiKey, hosts };
}

export const cannyRequest: SubmitRequest = {
  ...named('flux-pro-1.0-canny-finetuned'),
  prompt: 'TOK in the snow',
  loraUrl: null,
  finetuneId: 'my-finetune',
  parameters: { finetuneStrength: 1.1, cannyLowThreshold: 50, steps: 50 },
  images: { controlImage: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) } },
  webhook: null,
};

/** What a request says of its model, and of the attempt that it is for. */
export function named(model: string): Pick<SubmitRequest, 'key' | 'model' | 'endpoint' | 'control'> {
  return { key: '00000000-0000-8000-8000-000000000001', model, endpoint: model, control: 'NONE' };
}

export function handle(taskId: string, pollingUrl: string | null): TaskHandle {
  return { taskId, pollingUrl, resultUrl: null, cancelUrl: null };
}

export const never = new AbortController().signal;

export type Bench = { provider: Provider; upstream: Upstream; account: ProviderAccount };

/** A provider and a scripted upstream for one test; fails the test when a scripted reply was not used. */
export async function startBench(
  replies: readonly Reply[],
  options?: Parameters<typeof createBflProvider>[0],
): Promise<Bench> {
  const upstream = await startUpstream(...replies);
  const provider = createBflProvider(options);
  onTestFinished(async () => {
    await provider.close();
    await upstream.close();
    if (upstream.queue.length > 0) throw new Error(`${upstream.queue.length} scripted replies were not asked for`);
  });
  return { provider, upstream, account: accountAt(upstream.origin) };
}
