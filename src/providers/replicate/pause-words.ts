const longestPauseMs = 60 * 60 * 1000;

/** "Your rate limit resets in ~30s." (Replicate documentation, 2026), within an hour; null where nothing is said. */
export function pauseInWords(text: string): number | null {
  const [, amount, unit] = /\bresets in ~?\s*(\d{1,6}(?:\.\d+)?)\s*(ms|s|m|h)/i.exec(text) ?? [];
  if (amount === undefined) return null;
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit?.toLowerCase() ?? 's'] ?? 1000;
  return Math.min(Math.round(Number(amount) * unitMs), longestPauseMs);
}
