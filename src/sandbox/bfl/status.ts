import { phaseOf, progressOf, type Task } from '../task.js';
import { sampleUrl } from '../delivery.js';
import { known, type Found } from '../looking.js';

/** BFL's documented status words (OpenAPI, April 2026), and three that are seen without being documented. */
type BflStatus =
  | 'Pending'
  | 'Ready'
  | 'Request Moderated'
  | 'Content Moderated'
  | 'Error'
  | 'Task not found'
  | 'Failed'
  | 'Reasoning'
  | 'Generating';

type BflResult = {
  id: string;
  status: BflStatus;
  result: Record<string, unknown> | null;
  progress: number | null;
  details: Record<string, unknown> | null;
  preview: Record<string, unknown> | null;
};

function waiting(task: Task, at: number): BflStatus {
  if (task.wish['unknown-status'] === undefined) return 'Pending';
  return progressOf(task, at) < 0.5 ? 'Reasoning' : 'Generating';
}

/** The status word of a task that has ended. */
export function endOf(task: Task): BflStatus {
  const { wish } = task;
  if (wish['request-moderated'] !== undefined) return 'Request Moderated';
  if (wish.moderated !== undefined) return 'Content Moderated';
  // It has no words for these two.
  if (wish.error !== undefined || wish.canceled !== undefined || wish.timeout !== undefined) return 'Error';
  return wish.failed === undefined ? 'Ready' : 'Failed';
}

/** What `result` says of a picture that was made. */
export function resultOf(task: Task, finishedAt: number, url: string): Record<string, unknown> {
  return {
    ...(task.wish['no-image'] === undefined ? { sample: sampleUrl(task, url) } : {}),
    prompt: task.request['prompt'] ?? '',
    seed: task.seed,
    start_time: task.startedAt / 1000,
    end_time: finishedAt / 1000,
    duration: (finishedAt - task.startedAt) / 1000,
  };
}

/** The body of `get_result` at the moment `at` (ms since the epoch). `found` is null for an id that nobody knows. */
export function bflStatus(id: string, found: Found | null, at: number, url: string): BflResult {
  const blank = { id, result: null, progress: null, details: null, preview: null };
  const task = known(found);
  if (task === null) return { ...blank, status: 'Task not found' };
  if (task.finishedAt === null || phaseOf(task, at) !== 'done') {
    const progress = phaseOf(task, at) === 'queued' ? null : progressOf(task, at);
    return { ...blank, status: waiting(task, at), progress };
  }
  const status = endOf(task);
  if (status === 'Ready') return { ...blank, status, result: resultOf(task, task.finishedAt, url), progress: 1 };
  const why = 'Asked for by the prompt';
  const moderated = status === 'Request Moderated' || status === 'Content Moderated';
  return { ...blank, status, details: moderated ? { 'Moderation Reasons': [why] } : { error: why } };
}
