import { refusal, type Refusal } from './refusal.js';

/**
 * Checks a text before it is stored: length in characters, and no character that Postgres cannot keep (NUL, a lone
 * surrogate).
 */
export function checkText(
  text: string,
  path: readonly string[],
  bounds: { minimum?: number; maximum: number; what: string },
): Refusal[] {
  const { minimum = 0, maximum, what } = bounds;
  const length = Array.from(text).length;
  if (length < minimum && minimum === 1) return [refusal('REQUIRED', path, `${what} is empty.`, { minimum, maximum })];
  if (length < minimum || length > maximum) {
    const message = `${what} has ${length} characters; ${minimum} to ${maximum} are allowed.`;
    return [refusal('OUT_OF_RANGE', path, message, { minimum, maximum, given: length })];
  }
  if (text.includes('\u0000')) return [refusal('INVALID', path, `${what} holds a NUL character.`)];
  if (!text.isWellFormed()) return [refusal('INVALID', path, `${what} holds half a surrogate pair.`)];
  return [];
}
