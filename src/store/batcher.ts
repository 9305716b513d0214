import { DarkroomError } from '../errors.js';

/**
 * Joins concurrent writes into one round trip: flushes at once when idle, at most `maxInFlight` batches at a time, at most
 * `maxRows` rows each. While a batch flies, the next waits until it is as large as what flies (times `share`): two even
 * batches cost less than many small ones behind a large one. Two rows of the same key never share a batch, so one statement
 * never changes a row twice.
 */
export type Batcher<Row, Result> = {
  add(row: Row): Promise<Result>;
  /** Resolves when everything added so far is written or has failed. */
  drain(): Promise<void>;
};

/** Each written batch ends with a flush to the disk: few and large. */
const writingPace = { maxInFlight: 2, share: 1 };

type Waiting<Row, Result> = {
  row: Row;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

export function createBatcher<Row, Result>(options: {
  keyOf: (row: Row) => string;
  /** Writes the rows; gives one result per row, in the same order. */
  write: (rows: Row[]) => Promise<Result[]>;
  /** Whether an error may be the fault of one row; otherwise (no connection, say) all of the batch fail with it. */
  isRowFault?: (error: unknown) => boolean;
  maxRows?: number;
  maxInFlight?: number;
  share?: number;
  /** More than this may not wait: `add` then throws UNAVAILABLE. */
  maxWaiting?: number;
}): Batcher<Row, Result> {
  const { keyOf, write, isRowFault = () => true, maxRows = 200, maxWaiting = 20_000 } = options;
  const { maxInFlight, share } = { ...writingPace, ...options };
  let waiting: Waiting<Row, Result>[] = [];
  let scheduled = false;
  const flights = new Set<Promise<void>>();
  let rowsInFlight = 0;

  function takeBatch(): Waiting<Row, Result>[] {
    const keys = new Set<string>();
    const batch: Waiting<Row, Result>[] = [];
    const rest: Waiting<Row, Result>[] = [];
    for (const item of waiting) {
      const key = keyOf(item.row);
      if (batch.length < maxRows && !keys.has(key)) {
        keys.add(key);
        batch.push(item);
      } else {
        rest.push(item);
      }
    }
    waiting = rest;
    return batch;
  }

  async function fly(batch: Waiting<Row, Result>[]): Promise<void> {
    try {
      const results = await write(batch.map((item) => item.row));
      batch.forEach((item, index) => {
        const result = results[index];
        if (result === undefined) item.reject(new Error('A batched write gave no result for its row.'));
        else item.resolve(result);
      });
    } catch (error) {
      if (batch.length === 1 || !isRowFault(error)) {
        for (const item of batch) item.reject(error);
        return;
      }
      // One bad row must not fail its neighbours: halved until it stands alone.
      const middle = Math.ceil(batch.length / 2);
      await fly(batch.slice(0, middle));
      await fly(batch.slice(middle));
    }
  }

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && flights.size < maxInFlight && waiting.length >= rowsInFlight * share) {
      const batch = takeBatch();
      rowsInFlight += batch.length;
      const flight = fly(batch).then(() => {
        flights.delete(flight);
        rowsInFlight -= batch.length;
        flush();
      });
      flights.add(flight);
    }
  }

  return {
    async add(row) {
      if (waiting.length >= maxWaiting)
        throw new DarkroomError('UNAVAILABLE', 'Too much waits to be written; try later.');
      return await new Promise<Result>((resolve, reject) => {
        waiting.push({ row, resolve, reject });
        if (scheduled) return;
        scheduled = true;
        // At the end of the event loop's turn, so that all requests that came in with this one travel together.
        setImmediate(flush);
      });
    },
    async drain() {
      while (waiting.length > 0 || flights.size > 0) {
        if (flights.size === 0) flush();
        await Promise.all(flights);
      }
    },
  };
}
