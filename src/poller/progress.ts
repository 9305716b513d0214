import { attemptKey } from '../domain/ids.js';
import type { AttemptRef, Worklist } from '../domain/ports.js';
import type { ProgressNote } from '../domain/work-item.js';

/** Progress is written at most so often per attempt, */
const progressEveryMs = 1_000;
/** and when it has grown by so much: thousands of attempts are looked at several times a second. */
const worthWriting = 0.05;
/** Notes in one statement at most. */
const writtenAtOnce = 500;

/** What looks show of running tasks, gathered: nobody waits for it, and the latest is all that counts. */
export type ProgressBoard = {
  note(progress: ProgressNote): void;
  /** Writes what has come since the last time. What cannot be written is passed over: the next look brings more. */
  write(): Promise<void>;
};

export function createProgressBoard({ worklist }: { worklist: Pick<Worklist, 'noteProgress'> }): ProgressBoard {
  const waiting = new Map<string, ProgressNote>();
  return {
    note: (progress) => void waiting.set(attemptKey(progress), progress),
    async write() {
      const notes = [...waiting.values()];
      waiting.clear();
      for (let i = 0; i < notes.length; i += writtenAtOnce) {
        await worklist.noteProgress(notes.slice(i, i + writtenAtOnce));
      }
    },
  };
}

/** Notes a new status word of one attempt, or progress that is worth it. */
export function createProgress(
  board: Pick<ProgressBoard, 'note'>,
  ref: AttemptRef,
  instanceId: string,
): { note: (word: string, value: number | null, looks: number) => void } {
  let written: { word: string; value: number | null; at: number } | null = null;

  function isNews(word: string, value: number | null): boolean {
    if (written === null || written.word !== word) return true;
    if (value === null || written.value === null) return value !== written.value;
    return Math.abs(value - written.value) >= worthWriting;
  }

  return {
    note(word, value, looks) {
      const now = performance.now();
      if (!isNews(word, value) || (written !== null && now - written.at < progressEveryMs)) return;
      written = { word, value, at: now };
      board.note({ ...ref, instanceId, looks, word: word.slice(0, 80), progress: value });
    },
  };
}
