import { createBatcher } from './batcher.js';
import { isRowFault } from './database.js';

/** Readings cost by the row, and wait for no flush to the disk: more of them at once keep both sides at work (bench/README.md). */
const pace = { maxInFlight: 4, share: 0.3 };

/**
 * What many requests ask for at once, read in one statement. Nothing is remembered, and nobody joins a statement that was sent
 * before they asked: what was committed before a question is in its answer.
 */
export function createReading<Question, Answer>(options: {
  /** One answer a question, in the same order. */
  read: (questions: Question[]) => Promise<Answer[]>;
  /** Questions answered by one statement at most. */
  atMost?: number;
}): (question: Question) => Promise<Answer> {
  const { read, atMost } = options;
  let asked = 0;
  const batcher = createBatcher<Question, Answer>({
    isRowFault,
    // Readings never stand in each other's way, those of the same thing neither.
    keyOf: () => String((asked += 1)),
    write: read,
    ...(atMost === undefined ? {} : { maxRows: atMost }),
    ...pace,
  });
  return async (question) => await batcher.add(question);
}
