import type { Distribution } from './smooth.js';
import { axis } from './log-axis.js';

const { cellCount, edges, spans } = axis;

/** When to look at the tasks of one model and size. */
export type LookPlan = {
  /** How many looks a task should have had by each edge of the axis; rises everywhere. */
  looks: Float64Array;
  /** The first look is due somewhere between here and `jitter` later, counted in looks; the others one apart from it. */
  first: number;
};

/** Wide enough to keep tasks apart that were sent together; a wider one costs looks. */
export const jitter = 0.5;

export type LookOutcome = {
  /** Mean time in ms from the end of a task to the look that finds it. */
  delayMs: number;
  /** Share of tasks found later than the limit. */
  late: number;
  /** Mean number of looks at a task, the one that finds it included. */
  looks: number;
};

/** What a plan achieves, by integration, if tasks take as long as the distribution says. Late is what exceeds `limitMs`. */
export function outcomeOf({ looks, first }: LookPlan, { mass }: Distribution, limitMs: number): LookOutcome {
  const outcome: LookOutcome = { delayMs: 0, late: 0, looks: 0 };
  const areas = areasOf(looks);
  let found = 0;
  /** The age at which so many looks are due, searched from cell `from` on; leaves its cell in `found`. */
  const ageAt = (from: number, due: number): number => {
    found = from;
    while (found < cellCount - 1 && (looks[found + 1] ?? 0) < due) found += 1;
    const low = looks[found] ?? 0;
    return (edges[found] ?? 0) + ((due - low) / ((looks[found + 1] ?? 0) - low)) * (spans[found] ?? 0);
  };
  /** The area under the looks up to such an age in the cell that was found. */
  const areaAt = (age: number, due: number): number =>
    (areas[found] ?? 0) + ((age - (edges[found] ?? 0)) * ((looks[found] ?? 0) + due)) / 2;
  /** So many tasks end in this cell and are found by a look that is equally likely to be due anywhere from `low` to `high`. */
  const add = (tasks: number, end: { cell: number; age: number; limit: number }, low: number, high: number): void => {
    if (tasks <= 0 || high - low < 1e-9) return;
    const start = ageAt(end.cell, low);
    const startArea = areaAt(start, low);
    const stop = ageAt(found, high);
    const mean = (high * stop - low * start - (areaAt(stop, high) - startArea)) / (high - low);
    outcome.delayMs += tasks * (mean - end.age);
    outcome.late += tasks * Math.min(1, Math.max(0, (high - end.limit) / (high - low)));
  };

  let limitCell = 0;
  for (let cell = 0; cell < cellCount; cell += 1) {
    const tasks = mass[cell] ?? 0;
    // Too few to count, and there are many such cells.
    if (tasks < 1e-7) continue;
    const age = ((edges[cell] ?? 0) + (edges[cell + 1] ?? 0)) / 2;
    while (limitCell < cellCount - 1 && (edges[limitCell + 1] ?? 0) < age + limitMs) limitCell += 1;
    const rise = (looks[limitCell + 1] ?? 0) - (looks[limitCell] ?? 0);
    const limit =
      (looks[limitCell] ?? 0) + ((age + limitMs - (edges[limitCell] ?? 0)) / (spans[limitCell] ?? 0)) * rise;
    const end = { cell, age, limit };

    const due = ((looks[cell] ?? 0) + (looks[cell + 1] ?? 0)) / 2;
    const before = Math.floor(due - first);
    const part = due - first - before;
    if (due < first) {
      add(tasks, end, first, first + jitter);
      outcome.looks += tasks;
    } else if ((looks[cell + 1] ?? 0) - (looks[cell] ?? 0) > 0.5) {
      // So many looks a cell that their phase no longer matters.
      add(tasks, end, due, due + 1);
      outcome.looks += tasks * (due - first + 1 + (1 - jitter) / 2);
    } else if (part < jitter) {
      // Some tasks of this age have had this look already, the others have it still before them.
      const had = part / jitter;
      add(tasks * (1 - had), end, due, due - part + jitter);
      add(tasks * had, end, due - part + 1, due + 1);
      outcome.looks += tasks * (before + 1 + had);
    } else {
      add(tasks, end, due - part + 1, due - part + 1 + jitter);
      outcome.looks += tasks * (before + 2);
    }
  }
  return outcome;
}

/** The area under a table of edges, drawn with straight lines, up to each edge. */
function areasOf(table: Float64Array): Float64Array {
  const areas = new Float64Array(cellCount + 1);
  for (let cell = 0; cell < cellCount; cell += 1) {
    areas[cell + 1] = (areas[cell] ?? 0) + ((spans[cell] ?? 0) * ((table[cell] ?? 0) + (table[cell + 1] ?? 0))) / 2;
  }
  return areas;
}
