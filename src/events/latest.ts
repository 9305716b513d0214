/** A stream that carries state, not a log: after any number of touches a reader gets the present value, once. */
export type Latest<T> = AsyncIterableIterator<T> & { touch(): void; stop(): void };

/**
 * `load` gives the present value and whether it is the last one; null ends the stream, `same` says that nothing is new. The
 * first reading happens without a touch.
 */
export function createLatest<T>(options: {
  load: () => Promise<{ value: T; last: boolean } | null | 'same'>;
  onClose: () => void;
}): Latest<T> {
  const { load, onClose } = options;
  let dirty = true;
  let over = false;
  let wake = (): void => undefined;

  function close(): void {
    if (over) return;
    over = true;
    onClose();
    wake();
  }

  return {
    touch() {
      dirty = true;
      wake();
    },
    stop: close,
    async next() {
      while (true) {
        while (!over && !dirty) await new Promise<void>((resolve) => (wake = resolve));
        if (over) return { done: true, value: undefined };
        dirty = false;
        const loaded = await load().catch((error: unknown) => {
          // Whoever iterates does not call `return` after an error, so this is the last chance to be forgotten.
          close();
          throw error;
        });
        if (loaded === 'same') continue;
        if (loaded === null || loaded.last) close();
        return loaded === null ? { done: true, value: undefined } : { done: false, value: loaded.value };
      }
    },
    async return() {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator](): AsyncIterableIterator<T> {
      return this;
    },
  };
}
