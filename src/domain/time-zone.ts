/** Whether this is an IANA name of a time zone, and no offset or abbreviation. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(name) || name.length > 64) return false;
  if (name !== 'UTC' && !name.includes('/')) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const dayMs = 24 * 3_600_000;

/** When the local day that `at` is in began. */
export function localDayStart(at: Date, timeZone: string): Date {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  const day = format.format(at);
  // The first quarter of an hour of that day, among those of the last 25 hours.
  const quarter = 15 * 60_000;
  let [out, within] = [Math.floor((at.getTime() - dayMs - 3_600_000) / quarter), Math.floor(at.getTime() / quarter)];
  while (within - out > 1) {
    const middle = Math.floor((out + within) / 2);
    if (format.format(new Date(middle * quarter)) === day) within = middle;
    else out = middle;
  }
  return new Date(within * quarter);
}
