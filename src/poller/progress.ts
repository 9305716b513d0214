import type { AttemptRef } from '../domain/ports.js';
import type { PollerParts } from './parts.js';

/** Progress is written at most so often per attempt. */
const progressEveryMs = 1_000;

/** Writes progress when it changed, at most once a second. */
export function createProgress(
  parts: Pick<PollerParts, 'worklist'>,
  ref: AttemptRef,
  instanceId: string,
): { note: (word: string, value: number | null, looks: number) => Promise<void> } {
  let written = '';
  let writtenAt = 0;
  return {
    async note(word, value, looks) {
      const now = `${word} ${value}`;
      if (now === written || Date.now() - writtenAt < progressEveryMs) return;
      written = now;
      writtenAt = Date.now();
      await parts.worklist.noteProgress({ ...ref, instanceId, looks, word: word.slice(0, 80), progress: value });
    },
  };
}
