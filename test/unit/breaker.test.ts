import { beforeEach, expect, it, vi } from 'vitest';
import type { Pauses } from '../../src/domain/ports.js';
import { createBreaker, type Breaker } from '../../src/poller/breaker.js';
import type { LookOutcome, SubmitOutcome } from '../../src/providers/provider.js';
import { quietLogger } from './fakes.js';

const pause = vi.fn<Pauses['pause']>();
let clock = 0;
let paused = false;
let breaker: Breaker;

beforeEach(() => {
  vi.resetAllMocks();
  pause.mockResolvedValue();
  [clock, paused] = [0, false];
  const onPaused = async (): Promise<void> => undefined;
  const { logger } = quietLogger();
  breaker = createBreaker({
    pauses: { pause },
    firstProbeMs: 1_000,
    paused: () => paused,
    onPaused,
    logger,
    now: () => clock,
  });
});

const lost: SubmitOutcome = { kind: 'unknown', message: 'cut off', httpStatus: null };
const unreachable: SubmitOutcome = {
  kind: 'refused',
  code: 'PROVIDER_UNREACHABLE',
  message: 'no connection',
  httpStatus: null,
  retry: 'later',
  retryAfterMs: null,
};
const refused: SubmitOutcome = { ...unreachable, code: 'PROVIDER_REFUSED', retry: 'never' };
const task = { taskId: 't', pollingUrl: null, resultUrl: null, cancelUrl: null };
const taken: SubmitOutcome = { kind: 'accepted', task, costMicros: null, look: null };
const down: LookOutcome = { kind: 'unavailable', message: 'HTTP 502', httpStatus: 502, retryAfterMs: null };
const limited: LookOutcome = { ...down, httpStatus: 429 };

async function submit(times: number, outcome: SubmitOutcome, everyMs = 1_000): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await breaker.submitted('bfl', outcome);
    clock += everyMs;
  }
}

it('opens after five failures in a row that are no single blip', async () => {
  await submit(20, lost, 10);
  expect(pause).not.toHaveBeenCalled();
  clock += 2_000;
  await submit(1, unreachable);
  expect(pause.mock.calls).toEqual([
    [
      {
        account: 'bfl',
        code: 'CIRCUIT_OPEN',
        message: 'It failed 21 times in a row; last: no connection',
        probeInMs: 1_000,
      },
    ],
  ]);
});

it.each([refused, taken])('stays closed while something is answered in between (%j)', async (answer) => {
  for (let n = 0; n < 10; n += 1) {
    await submit(4, lost);
    await submit(1, answer);
  }
  expect(pause).not.toHaveBeenCalled();
});

it('forgets failures that lie too far apart', async () => {
  await submit(20, lost, 6 * 60_000);
  expect(pause).not.toHaveBeenCalled();
});

it('opens for looks too, but not for being told to look less often, nor for those of another account', async () => {
  for (let n = 0; n < 30; n += 1) {
    await breaker.looked('bfl', limited);
    await breaker.looked(`account ${n}`, down);
    clock += 1_000;
  }
  expect(pause).not.toHaveBeenCalled();
  for (let n = 0; n < 5; n += 1) {
    await breaker.looked('bfl', down);
    clock += 1_000;
  }
  expect(pause).toHaveBeenCalledTimes(1);
});

it('is half-open afterwards: one failure opens it for longer, a success closes it', async () => {
  await submit(5, lost);
  paused = true;
  await submit(10, lost);
  expect(pause).toHaveBeenCalledTimes(1);
  paused = false;
  await submit(1, lost);
  expect(pause.mock.lastCall?.[0]).toMatchObject({
    message: expect.stringContaining('when it was tried'),
    probeInMs: 2_000,
  });
  await submit(1, taken);
  await submit(4, lost);
  expect(pause).toHaveBeenCalledTimes(2);
});
