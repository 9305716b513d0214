import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuthenticate, hashApiKey, newApiKey } from '../../src/access/keys.js';
import type { Viewer } from '../../src/domain/ports.js';
import { DarkroomError } from '../../src/errors.js';
import { viewer } from './fakes.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const find = vi.fn<(hash: Buffer) => Promise<Viewer | null>>();
beforeEach(() => find.mockReset().mockResolvedValue(viewer));

describe('an API key', () => {
  it('has 256 random bits behind its prefix, and no two are alike', () => {
    const keys = Array.from({ length: 100 }, () => newApiKey());
    for (const key of keys) expect(key).toMatch(/^dk_[\w-]{43}$/);
    expect(new Set(keys).size).toBe(100);
  });

  it('is looked up by its hash only', async () => {
    await createAuthenticate(find)('Bearer dk_secret');
    const hash = createHash('sha256').update('dk_secret').digest();
    expect(find.mock.calls).toEqual([[hash]]);
    expect(hashApiKey('dk_secret').equals(hash)).toBe(true);
  });
});

describe('the Authorization header', () => {
  it.each(['Bearer dk_a', 'bearer dk_a', 'BEARER   dk_a', ' Bearer\tdk_a '])('%j names a viewer', async (header) => {
    expect(await createAuthenticate(find)(header)).toEqual(viewer);
  });

  it.each([undefined, ''])('left out (%j) means nobody', async (header) => {
    expect(await createAuthenticate(find)(header)).toBeNull();
    expect(find).not.toHaveBeenCalled();
  });

  it.each(['dk_a', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b', 'Bearerdk_a', ' '])(
    '%j is refused without asking the database',
    async (header) => {
      await expect(createAuthenticate(find)(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(find).not.toHaveBeenCalled();
    },
  );

  it('with an unknown or revoked key is refused, without repeating the key', async () => {
    find.mockResolvedValue(null);
    const refused = createAuthenticate(find)('Bearer dk_secret');
    await expect(refused).rejects.toBeInstanceOf(DarkroomError);
    await expect(refused).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.not.stringContaining('dk_secret'),
    });
  });
});

describe('a key that was found', () => {
  it('is trusted for ten seconds, then looked up again', async () => {
    const authenticate = createAuthenticate(find);
    await authenticate('Bearer dk_a');
    vi.advanceTimersByTime(9_999);
    await authenticate('Bearer dk_a');
    expect(find).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    await authenticate('Bearer dk_a');
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('is not trusted longer for being used', async () => {
    const authenticate = createAuthenticate(find);
    for (let second = 0; second <= 10; second += 1) {
      await authenticate('Bearer dk_a');
      vi.advanceTimersByTime(1_000);
    }
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('and revoked since is refused after the trust is over, and from then on', async () => {
    const authenticate = createAuthenticate(find);
    await authenticate('Bearer dk_a');
    find.mockResolvedValue(null);
    expect(await authenticate('Bearer dk_a')).toEqual(viewer);
    vi.advanceTimersByTime(10_000);
    await expect(authenticate('Bearer dk_a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(authenticate('Bearer dk_a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(find).toHaveBeenCalledTimes(3);
  });

  it('vouches for no other key', async () => {
    const authenticate = createAuthenticate(find);
    await authenticate('Bearer dk_a');
    find.mockResolvedValue(null);
    await expect(authenticate('Bearer dk_b')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

it('an unknown key is asked for each time: nothing is kept of it, and a new one works at once', async () => {
  const authenticate = createAuthenticate(find);
  find.mockResolvedValueOnce(null);
  await expect(authenticate('Bearer dk_new')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await authenticate('Bearer dk_new')).toEqual(viewer);
});

it('a database that fails is no refusal, and is asked again', async () => {
  const authenticate = createAuthenticate(find);
  find.mockRejectedValueOnce(new Error('No database.'));
  await expect(authenticate('Bearer dk_a')).rejects.toThrow('No database.');
  expect(await authenticate('Bearer dk_a')).toEqual(viewer);
});

it('no more than ten thousand keys are remembered', async () => {
  const authenticate = createAuthenticate(find);
  for (let n = 0; n <= 10_000; n += 1) await authenticate(`Bearer dk_${n}`);
  find.mockClear();
  await authenticate('Bearer dk_10000');
  expect(find).not.toHaveBeenCalled();
  await authenticate('Bearer dk_9999');
  expect(find).toHaveBeenCalledTimes(1);
});
