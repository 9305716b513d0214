import { sampleUrl } from '../delivery.js';
import { phaseOf, progressOf, stoppedAs, type Task } from '../task.js';
import { modelOfVersion, replicateModels, type ReplicateModel } from './models.js';

/** Where `foreign-polling-url` points; the name can never resolve (RFC 6761). */
const foreignApi = 'https://api.elsewhere.invalid';

/** The model that a task runs. */
export function modelOf(task: Task): ReplicateModel | null {
  return replicateModels.get(task.model) ?? modelOfVersion(String(task.request['version']))?.model ?? null;
}

/** How many pictures a task makes. */
export function pictureCount(task: Task): number {
  return Number(task.request['num_outputs'] ?? 1);
}

/** How a task ends: its status word and, where there is one, the text of its error. */
export function endOf(task: Task): { status: string; error: string | null } {
  const { wish } = task;
  const stopped = stoppedAs(task);
  if (stopped === 'queued' || wish.timeout !== undefined) return { status: 'aborted', error: null };
  if (stopped === 'running' || wish.canceled !== undefined) return { status: 'canceled', error: null };
  if (wish['request-moderated'] !== undefined)
    return failed('The input or output was flagged as sensitive. Please try again with different inputs. (E005)');
  if (wish.moderated !== undefined)
    return failed('NSFW content detected. Try running it again, or try a different prompt.');
  if (wish.error !== undefined) return failed('CUDA out of memory. Tried to allocate 2.00 GiB.');
  if (wish.failed !== undefined) return failed('Prediction failed.');
  return { status: 'succeeded', error: null };
}

function failed(error: string): { status: string; error: string } {
  return { status: 'failed', error };
}

function outputOf(task: Task, url: string): unknown {
  if (task.wish['no-image'] !== undefined) return null;
  const urls = Array.from({ length: pictureCount(task) }, (_, n) => sampleUrl(task, url, n));
  return modelOf(task)?.many === false ? (urls[0] ?? null) : urls;
}

function logsOf(task: Task, at: number): string {
  const steps = Number(task.request['num_inference_steps'] ?? task.request['steps'] ?? 28);
  const share = task.finishedAt !== null && at >= task.finishedAt ? 1 : progressOf(task, at);
  const done = Math.floor(share * steps);
  const bar = '█'.repeat(Math.floor(share * 10)).padEnd(10);
  return `Using seed: ${task.seed}\n${Math.floor(share * 100)}%|${bar}| ${done}/${steps} [00:01<00:01, 9.52it/s]\n`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

const inner = new Set(['webhook_url', 'webhook_events', 'version']);

/** What was given as input, without what was left out; images by the hash under which the sandbox keeps them. */
function inputOf(task: Task): Record<string, unknown> {
  return Object.fromEntries(Object.entries(task.request).filter(([name, value]) => !inner.has(name) && value !== null));
}

/** The prediction object at the moment `at` (ms since the epoch). After its hour only the frame is left. */
export function predictionOf(task: Task, at: number, url: string): Record<string, unknown> {
  const { request, wish, startedAt, finishedAt, submittedAt } = task;
  const phase = phaseOf(task, at);
  const over = finishedAt !== null && at >= finishedAt;
  const odd = wish['unknown-status'] !== undefined;
  const { status, error } = over ? endOf(task) : { status: null, error: null };
  const running = phase === 'queued' ? (odd ? 'booting' : 'starting') : odd ? 'uploading' : 'processing';
  const removed = over && status === 'succeeded' && at >= (task.expiresAt ?? Infinity);
  const started = status !== 'aborted' && at >= startedAt;
  const api = `${wish['foreign-polling-url'] === undefined ? url : foreignApi}/replicate/v1/predictions/${task.id}`;
  return {
    id: task.id,
    model: task.model,
    version: request['version'] ?? 'hidden',
    input: removed ? {} : inputOf(task),
    output: status === 'succeeded' && !removed ? outputOf(task, url) : null,
    error,
    logs: started && !removed ? logsOf(task, at) : '',
    status: status ?? running,
    source: 'api',
    data_removed: removed,
    created_at: iso(submittedAt),
    started_at: started ? iso(startedAt) : null,
    completed_at: over ? iso(finishedAt) : null,
    urls: { get: api, cancel: `${api}/cancel`, web: `https://replicate.com/p/${task.id}` },
    ...(over
      ? {
          metrics: {
            ...(started ? { predict_time: Math.max(0, finishedAt - startedAt) / 1000 } : {}),
            total_time: (finishedAt - submittedAt) / 1000,
          },
        }
      : {}),
    ...(task.canceledAt !== null && !over ? { deadline: iso(task.canceledAt) } : {}),
    ...(typeof request['webhook_url'] === 'string' ? { webhook: request['webhook_url'] } : {}),
    ...(typeof request['webhook_events'] === 'string'
      ? { webhook_events_filter: request['webhook_events'].split(' ') }
      : {}),
  };
}
