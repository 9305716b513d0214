import { expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import type { ProgressNote } from '../../src/domain/work-item.js';
import { createProgress, createProgressBoard } from '../../src/poller/progress.js';

function board(): { written: ProgressNote[][]; progress: ReturnType<typeof createProgressBoard> } {
  const written: ProgressNote[][] = [];
  const progress = createProgressBoard({
    worklist: { noteProgress: async (notes) => void written.push([...notes]) },
  });
  return { written, progress };
}

const noteOf = (generationId: string, looks: number): ProgressNote => ({
  generationId,
  n: 1,
  instanceId: newId(),
  looks,
  word: 'Pending',
  progress: null,
});

it('writes the latest of each attempt, and nothing twice', async () => {
  const { written, progress } = board();
  const [one, other] = [newId(), newId()];
  for (const looks of [1, 2, 3]) progress.note(noteOf(one, looks));
  progress.note(noteOf(other, 7));
  await progress.write();
  await progress.write();
  expect(written.map((notes) => notes.map(({ looks }) => looks))).toEqual([[3, 7]]);
});

it('writes many in parts', async () => {
  const { written, progress } = board();
  for (let n = 0; n < 1_100; n += 1) progress.note(noteOf(newId(), n));
  await progress.write();
  expect(written.map(({ length }) => length)).toEqual([500, 500, 100]);
});

it('notes nothing of an attempt that says what it said before', async () => {
  const { written, progress } = board();
  const attempt = createProgress(progress, { generationId: newId(), n: 1 }, newId());
  attempt.note('Pending', null, 1);
  attempt.note('Pending', null, 2);
  await progress.write();
  attempt.note('Pending', null, 3);
  await progress.write();
  expect(written.flat().map(({ looks }) => looks)).toEqual([1]);
});
