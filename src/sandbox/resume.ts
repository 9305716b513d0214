import type { Blobs } from './blobs.js';
import type { Engine } from './engine.js';
import { openJournal, readJournal, type Journal, type JournalLine } from './journal.js';
import type { Settings } from './options.js';
import { cancelAt, type Task } from './task.js';
import type { LogEntry, Witness } from './witness.js';

/** Submits kept over a restart, so that the file stays bounded however long the sandbox is used. */
const submitsKept = 10_000;

/**
 * Brings back what the last process left in `folder` and opens the journal anew without what is over: forgotten tasks and
 * their images, and all but the newest submits. Tasks go on as if time had passed in between, since all their times were
 * settled when they were made. `told` are the tasks whose webhook needs not be sent any more.
 */
export function resume(
  folder: string,
  into: { settings: Settings; engine: Engine; witness: Witness; blobs: Blobs },
): { journal: Journal; told: ReadonlySet<string> } {
  const entries = new Map<number, LogEntry>();
  const tasks: { task: Task; entry: number }[] = [];
  const balances = new Map<string, number>();
  const told = new Set<string>();
  for (const line of readJournal(folder)) {
    const entry = 'n' in line ? entries.get(line.n) : undefined;
    if (line.kind === 'submit') entries.set(line.entry.n, line.entry);
    else if (line.kind === 'task') tasks.push({ task: line.task, entry: line.entry });
    else if (line.kind === 'credits') balances.set(line.owner, line.balance);
    else if (line.kind === 'webhook') told.add(line.task);
    else if (line.kind === 'cancel') {
      const canceled = tasks.find(({ task }) => task.id === line.task);
      if (canceled !== undefined) Object.assign(canceled.task, cancelAt(line.at));
    } else if (entry !== undefined) entries.set(line.n, { ...entry, status: line.status, answered: true });
  }
  for (const { task, entry } of tasks) {
    const known = entries.get(entry);
    if (known !== undefined) entries.set(entry, { ...known, task: task.id });
  }

  const { settings, engine, witness, blobs } = into;
  const alive = tasks.filter(({ task }) => task.forgetAt > settings.now());
  const recent = [...entries.values()].slice(-submitsKept);
  for (const { task } of alive) engine.restore(task);
  for (const entry of recent) witness.restore(entry);
  for (const [owner, balance] of balances) engine.setCredits(owner, balance);
  blobs.keepOnly(new Set(alive.flatMap(({ task }) => Object.values(task.images))));
  const journal = openJournal(folder, [
    ...recent.map((entry): JournalLine => ({ kind: 'submit', entry })),
    ...alive.map(({ task, entry }): JournalLine => ({ kind: 'task', task, entry })),
    ...alive
      .filter(({ task }) => told.has(task.id))
      .map(({ task }): JournalLine => ({ kind: 'webhook', task: task.id })),
    ...[...balances].map(([owner, balance]): JournalLine => ({ kind: 'credits', owner, balance })),
  ]);
  return { journal, told };
}
