/** Lets at most so many tasks run at once; the others wait in order of arrival. */
export type Gate = <Value>(task: () => Promise<Value>) => Promise<Value>;

export function createGate(limit: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async function pass(task) {
    // One that is woken takes over the place of the one that wakes it, so `running` does not change hands in between.
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/**
 * Every decode of a whole picture passes here, whoever asks: memory belongs to the process, so this bound does as well.
 * A 64 megapixel picture takes up to 260 MB while it is decoded; two keep two cores busy, as the decoders have threads
 * of their own.
 */
export const decodeGate: Gate = createGate(2);
