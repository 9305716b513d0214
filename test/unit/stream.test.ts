import { describe, expect, it, vi } from 'vitest';
import { createStream, type Stream } from '../../src/events/stream.js';

function make(bound = 3): { stream: Stream<number>; onClose: ReturnType<typeof vi.fn<() => void>> } {
  const onClose = vi.fn<() => void>();
  return { stream: createStream<number>({ bound, overflow: () => new Error('Too slow.'), onClose }), onClose };
}
const over = { done: true, value: undefined };

describe('a stream', () => {
  it('gives every value once, in order, whether a reader waits or not', async () => {
    const { stream } = make();
    const first = stream.next();
    const second = stream.next();
    for (const value of [0, 1, 2, 3]) expect(stream.push(value)).toBe(true);
    expect([await first, await second, await stream.next(), await stream.next()]).toEqual(
      [0, 1, 2, 3].map((value) => ({ done: false, value })),
    );
  });

  it('can be iterated, and after its end gives what still waits', async () => {
    const { stream, onClose } = make();
    stream.push(1);
    stream.push(2);
    stream.end();
    expect(stream.push(3)).toBe(false);
    const read: number[] = [];
    for await (const value of stream) read.push(value);
    expect(read).toEqual([1, 2]);
    expect(await stream.next()).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('keeps no more than its bound for a slow reader: beyond it ends with the error, after what it kept', async () => {
    const { stream, onClose } = make(2);
    expect([stream.push(1), stream.push(2), stream.push(3), stream.push(4)]).toEqual([true, true, false, false]);
    expect(onClose).toHaveBeenCalledTimes(1);
    expect([await stream.next(), await stream.next()]).toEqual([1, 2].map((value) => ({ done: false, value })));
    await expect(stream.next()).rejects.toThrow('Too slow.');
    expect(await stream.next()).toEqual(over);
  });

  it('does not count values that were read', async () => {
    const { stream } = make(1);
    for (let value = 0; value < 10; value += 1) {
      expect(stream.push(value)).toBe(true);
      expect(await stream.next()).toEqual({ done: false, value });
    }
  });

  it('fails its waiting reader', async () => {
    const { stream, onClose } = make();
    const waiting = stream.next();
    stream.fail(new Error('Gone.'));
    await expect(waiting).rejects.toThrow('Gone.');
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('returns at once while a reader waits, who then sees the end', async () => {
    const { stream, onClose } = make();
    const waiting = [stream.next(), stream.next()];
    expect(await stream.return?.()).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
    expect(await Promise.all(waiting)).toEqual([over, over]);
    expect(stream.push(1)).toBe(false);
  });

  it('forgets what waited when its reader leaves', async () => {
    const { stream, onClose } = make();
    stream.push(1);
    for await (const value of stream) {
      stream.push(value + 1);
      break;
    }
    expect(await stream.next()).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('is over after a return, even when it had overflowed', async () => {
    const { stream } = make(0);
    stream.push(1);
    await stream.return?.();
    expect(await stream.next()).toEqual(over);
  });

  it('ends once, for the first reason', async () => {
    const { stream, onClose } = make();
    stream.end();
    stream.fail(new Error('Too late.'));
    await stream.return?.();
    expect(await stream.next()).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
