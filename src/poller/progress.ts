import type { AttemptRef } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { PollerParts } from './parts.js';

/** Progress is written at most so often per attempt, */
const progressEveryMs = 1_000;
/** and when it has grown by so much: thousands of attempts are looked at several times a second. */
const worthWriting = 0.05;

/** Writes a new status word, or progress that is worth it. What cannot be written is passed over: the next look brings more. */
export function createProgress(
  parts: Pick<PollerParts, 'worklist' | 'logger'>,
  ref: AttemptRef,
  instanceId: string,
): { note: (word: string, value: number | null, looks: number) => Promise<void> } {
  let written: { word: string; value: number | null; at: number } | null = null;

  function isNews(word: string, value: number | null): boolean {
    if (written === null || written.word !== word) return true;
    if (value === null || written.value === null) return value !== written.value;
    return Math.abs(value - written.value) >= worthWriting;
  }

  return {
    async note(word, value, looks) {
      const now = performance.now();
      if (!isNews(word, value) || (written !== null && now - written.at < progressEveryMs)) return;
      written = { word, value, at: now };
      await parts.worklist
        .noteProgress({ ...ref, instanceId, looks, word: word.slice(0, 80), progress: value })
        .catch((error: unknown) => parts.logger.debug({ err: asError(error) }, 'Progress could not be written'));
    },
  };
}
