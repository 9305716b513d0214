import { vi } from 'vitest';

/** Waits until `check` no longer throws, and gives what it gives: long enough for a machine that is busy with much else. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return await vi.waitFor(check, { timeout: 15_000, interval: 20 });
}
