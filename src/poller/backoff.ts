/**
 * The pause before the next try: doubling from `baseMs` to `capMs`, between half and the whole of it at random so that many
 * do not come back at once; never shorter than what the provider asked for.
 */
export function backoffMs(options: {
  /** 1 for the first failure. */
  failures: number;
  baseMs: number;
  capMs: number;
  retryAfterMs?: number | null;
}): number {
  const { failures, baseMs, capMs, retryAfterMs } = options;
  const whole = Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 20));
  const jittered = whole / 2 + (Math.random() * whole) / 2;
  return Math.round(Math.max(jittered, retryAfterMs ?? 0));
}
