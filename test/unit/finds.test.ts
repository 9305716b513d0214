import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFinds, type Finds } from '../../src/poller/finds.js';
import type { PollerParts } from '../../src/poller/parts.js';
import type { FindOutcome } from '../../src/providers/provider.js';
import { idAt, quietLogger } from './fakes.js';

const ref = { generationId: idAt(1), n: 3 };
const change = vi.fn<PollerParts['change']>();
const adopt = vi.fn<(of: typeof ref) => void>();
let outcome: FindOutcome;
/** How often the provider said before that it never got it. */
let earlier: number;
let finds: Finds;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.resetAllMocks();
  change.mockResolvedValue({ attemptChanged: true, generationChanged: true });
  [outcome, earlier] = [{ kind: 'absent' }, 0];
  finds = createFinds({
    accounts: [
      {
        account: { id: 'own', provider: 'comfyui', sandbox: false, limit: 2, projects: null },
        access: { id: 'own', baseUrl: 'http://127.0.0.1:1', apiKey: '', hosts: [] },
        provider: { find: async () => outcome },
      },
    ],
    worklist: {
      unconfirmed: async () => [{ ...ref, account: 'own' }],
      refusals: async (_ref, code) => (code === 'NEVER_ARRIVED' ? earlier : 0),
    },
    change,
    logger: quietLogger().logger,
  });
});
afterEach(() => vi.useRealTimers());

async function runs(times: number, everyMs = 3_000): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await finds.run(idAt(9), new AbortController().signal, adopt);
    vi.advanceTimersByTime(everyMs);
  }
}

it('queues again, after a while, what has not arrived for five seconds', async () => {
  await runs(2);
  expect(change).not.toHaveBeenCalled();
  await runs(1);
  expect(change.mock.lastCall?.[0]).toMatchObject({
    attempt: { to: 'REFUSED', errorCode: 'NEVER_ARRIVED' },
    generation: { to: 'QUEUED', errorCode: 'NEVER_ARRIVED', retryAfterMs: expect.any(Number) },
  });
  expect(change.mock.lastCall?.[0].generation?.retryAfterMs).toBeGreaterThan(1_000);
});

it('gives up what never arrived five times', async () => {
  earlier = 3;
  await runs(3);
  expect(change.mock.lastCall?.[0]).toMatchObject({ generation: { to: 'QUEUED' } });
  earlier = 4;
  await runs(3);
  expect(change.mock.lastCall?.[0]).toMatchObject({ generation: { to: 'FAILED', errorCode: 'NEVER_ARRIVED' } });
});

it('takes in hand what is found, and leaves open what nobody can tell', async () => {
  outcome = { kind: 'unavailable', message: 'HTTP 500' };
  await runs(5);
  expect(change).not.toHaveBeenCalled();
  const task = { taskId: 't', pollingUrl: null, resultUrl: null, cancelUrl: null };
  outcome = { kind: 'found', task };
  await runs(1);
  expect(change.mock.lastCall?.[0]).toMatchObject({ attempt: { to: 'ACCEPTED', taskId: 't' } });
  expect(adopt).toHaveBeenCalledTimes(1);
});
