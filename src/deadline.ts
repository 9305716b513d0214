type Deadline = {
  signal: AbortSignal;
  /** Rejects as soon as the signal aborts: undici looks at the signal of a waiting request only once it is connected. */
  over: Promise<never>;
  clear(): void;
};

/** Aborts with the caller's signal or after `ms`, whichever is first. Clear it, or the timer stays. */
export function createDeadline(signal: AbortSignal, ms: number): Deadline {
  // Not AbortSignal.any with AbortSignal.timeout: the caller's signal may live as long as the process, and each such pair
  // would hang on it until its time-out has passed.
  // Made when it is asked for: most only wait for `over`.
  let controller: AbortController | null = null;
  let reasonOfEnd: Error | null = null;
  const { promise: over, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting for it any more.
  over.catch(() => undefined);

  function end(reason: Error): void {
    reasonOfEnd ??= reason;
    controller?.abort(reason);
    reject(reason);
  }
  const stop = () => end(new Error('stopped by the caller'));
  const timer = setTimeout(() => end(new Error(`no complete answer within ${ms} ms`)), ms);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });

  return {
    get signal() {
      controller ??= new AbortController();
      if (reasonOfEnd !== null) controller.abort(reasonOfEnd);
      return controller.signal;
    },
    over,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    },
  };
}
