import { expect, it } from 'vitest';
import { createAbortGroup } from '../../src/poller/abort-group.js';

it('tells those who are in it that all are ended, and calls with their signal', async () => {
  const group = createAbortGroup();
  const told: string[] = [];
  group.join(() => told.push('stayed'));
  group.join(() => told.push('left'))();
  const call = group.during(
    async (signal) => await new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(true))),
  );
  expect(group.aborted()).toBe(false);
  group.abort();
  expect(told).toEqual(['stayed']);
  expect(await call).toBe(true);
});

it('ends at once what joins later', async () => {
  const group = createAbortGroup();
  group.abort();
  let told = false;
  group.join(() => (told = true));
  expect(told).toBe(true);
  expect(await group.during(async (signal) => signal.aborted)).toBe(true);
});

it('forgets a call that is over', async () => {
  const group = createAbortGroup();
  let aborted = false;
  await group.during(async (signal) => signal.addEventListener('abort', () => (aborted = true)));
  group.abort();
  expect(aborted).toBe(false);
});
