import { drawFaults } from './faults.js';
import type { NewTask } from './engine.js';
import { wishedRefusal, type Refusal, type Wish } from './outcome.js';
import type { Task } from './task.js';
import { sleep } from '../time.js';
import type { LogEntry, SubmitEntry } from './witness.js';
import type { World } from './world.js';

type Decision = ({ kind: 'refused' } & Refusal) | { kind: 'made'; task: Task; answer: AnswerForm };

/** How a submit that made a task is answered: as usual, with a 500, with a page, cut in the middle, or not at all. */
type AnswerForm = 'usual' | 'error' | 'html' | 'truncated' | 'none';

function answerForm(wish: Wish, repeats: number): AnswerForm {
  if (repeats < (wish['lost-reply'] ?? 0)) return 'none';
  if (wish['500-accepted'] !== undefined) return 'error';
  if (wish['html-reply'] !== undefined) return 'html';
  return wish['truncated-reply'] === undefined ? 'usual' : 'truncated';
}

/** Writes a submit into the log, before anything is decided about it. */
export function witnessSubmit(
  world: World,
  entry: LogEntry,
  submit: Omit<SubmitEntry, 'number' | 'repeats'>,
): SubmitEntry {
  const full = world.witness.submit(entry, submit);
  world.journal.append({ kind: 'submit', entry });
  return full;
}

/**
 * Decides about a valid submit: the prompt's wish first, then chance, then credits and limits. `onMade` hears of the task at
 * once, however late the answer to the submit may be.
 */
export async function decideSubmit(
  world: World,
  entry: LogEntry,
  submit: Omit<NewTask, 'luck'>,
  onMade: (task: Task) => void = () => undefined,
): Promise<Decision> {
  const { engine, journal, settings, stopping } = world;
  const { fingerprint, repeats } = submit;
  const asked = Object.keys(submit.wish).length > 0;
  const wish = asked ? submit.wish : drawFaults(settings.faults, settings.seed, fingerprint, repeats);

  const refused = wishedRefusal(wish);
  if (refused !== null) return { kind: 'refused', ...refused };
  const refusal = submit.queued ? null : engine.refusal(submit.owner, submit.cost);
  if (refusal !== null) return { kind: 'refused', status: refusal === 'credits' ? 402 : 429, inside200: false };

  const task = engine.create({ ...submit, wish, luck: asked ? null : `${fingerprint} ${repeats}` });
  world.witness.accept(entry, task.id);
  journal.append({ kind: 'task', task, entry: entry.n });
  journal.append({ kind: 'credits', owner: task.owner, balance: engine.credits(task.owner) });
  world.webhooks.plan(task);
  onMade(task);

  const slow = wish['slow-reply'];
  if (slow !== undefined) await sleep((slow * 1000) / settings.timeScale, stopping);
  return { kind: 'made', task, answer: answerForm(wish, repeats) };
}
