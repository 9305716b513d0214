import { phaseOf, progressOf, type Task } from '../task.js';

/** Where `foreign-polling-url` points; the name can never resolve (RFC 6761). */
const foreignQueue = 'https://queue.elsewhere.invalid';

/** The addresses of a request: of the endpoint's id only owner and alias are in them, whatever came after. */
export function falUrls(task: Task, url: string): Record<'response_url' | 'status_url' | 'cancel_url', string> {
  const [owner, alias] = task.model.split('/');
  const host = task.wish['foreign-polling-url'] === undefined ? `${url}/fal` : foreignQueue;
  const base = `${host}/${owner}/${alias}/requests/${task.id}`;
  return { response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel` };
}

function logsOf(task: Task, at: number): unknown[] {
  const worked = Math.floor(progressOf(task, at) * 4);
  return Array.from({ length: worked + 1 }, (_, n) => ({
    message: n === 0 ? 'Loaded the weights' : `${n * 25}%|${'█'.repeat(n)}${' '.repeat(4 - n)}| ${n * 7}/28`,
    level: 'INFO',
    source: 'USER',
    timestamp: new Date(task.startedAt + n).toISOString(),
  }));
}

/** The body of a status call at the moment `at` (ms since the epoch). `COMPLETED` says nothing about success. */
export function falStatus(task: Task, at: number, url: string, logs: boolean): Record<string, unknown> {
  const phase = phaseOf(task, at);
  const odd = task.wish['unknown-status'] !== undefined;
  const shown = logs ? logsOf(task, at) : null;
  const base = { request_id: task.id, ...falUrls(task, url) };
  switch (phase) {
    case 'queued':
      return { status: odd ? 'SCHEDULED' : 'IN_QUEUE', queue_position: 0, ...base };
    case 'running':
      return { status: odd ? 'WARMING_UP' : 'IN_PROGRESS', logs: shown, ...base };
    case 'done':
    case 'forgotten': {
      const inference_time = Math.max(0, (task.finishedAt ?? at) - task.startedAt) / 1000;
      return { status: 'COMPLETED', logs: shown, metrics: { inference_time }, ...base };
    }
    default:
      return phase satisfies never;
  }
}
