const longestPauseMs = 60 * 60 * 1000;

/**
 * The pause that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or an HTTP date), within 0 and one hour; null
 * when there is none or it cannot be read.
 */
export function readPauseMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  let ms = Number.NaN;
  if (/^\d+(\.\d+)?$/.test(text)) ms = Number(text) * 1000;
  // Date.parse reads almost anything as a date; an HTTP date is always in GMT.
  else if (/^[A-Za-z]+,? .*\bGMT$/.test(text)) ms = Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.round(Math.min(Math.max(ms, 0), longestPauseMs));
}
