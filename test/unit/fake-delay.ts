/**
 * Stands in for node:timers/promises, which fake timers do not reach: it waits by the global clock, so a test that holds
 * that clock holds every sleep too.
 */
export async function setTimeout(
  ms: number,
  value?: unknown,
  options: { signal?: AbortSignal } = {},
): Promise<unknown> {
  const { signal } = options;
  return await new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new Error('The wait was aborted.'));
      return;
    }
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, ms);
    function onAbort(): void {
      clearTimeout(timer);
      reject(new Error('The wait was aborted.'));
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
