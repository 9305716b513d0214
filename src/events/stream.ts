/**
 * A bounded push stream that GraphQL can iterate. Unlike an async generator its `return` takes effect at once, also while
 * a reader waits, so that a client who leaves is forgotten right away.
 */
export type Stream<T> = AsyncIterableIterator<T> & {
  /** False when the stream is over, or full: then it ends with the error given at its making. */
  push(value: T): boolean;
  end(): void;
  fail(error: Error): void;
};

type Reader<T> = { resolve: (result: IteratorResult<T>) => void; reject: (error: Error) => void };

export function createStream<T>(options: {
  /** So many values may wait for a slow reader. */
  bound: number;
  overflow: () => Error;
  onClose: () => void;
}): Stream<T> {
  const { bound, overflow, onClose } = options;
  const values: T[] = [];
  const readers: Reader<T>[] = [];
  let over = false;
  let error: Error | null = null;

  function close(cause: Error | null): void {
    if (over) return;
    over = true;
    error = cause;
    onClose();
    for (const reader of readers.splice(0)) {
      if (error === null) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }

  return {
    push(value) {
      if (over) return false;
      const reader = readers.shift();
      if (reader !== undefined) {
        reader.resolve({ done: false, value });
        return true;
      }
      if (values.length >= bound) {
        close(overflow());
        return false;
      }
      values.push(value);
      return true;
    },
    end: () => close(null),
    fail: (cause) => close(cause),
    async next() {
      const value = values.shift();
      if (value !== undefined) return { done: false, value };
      if (error !== null) {
        const cause = error;
        error = null;
        throw cause;
      }
      if (over) return { done: true, value: undefined };
      return await new Promise<IteratorResult<T>>((resolve, reject) => readers.push({ resolve, reject }));
    },
    async return() {
      values.length = 0;
      close(null);
      error = null;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
