import { bflStatus, endOf, resultOf } from '../bfl/status.js';
import type { Found } from '../looking.js';
import type { Task } from '../task.js';

/** Where `foreign-polling-url` points; the name can never resolve (RFC 6761). Real ones may point to BFL itself. */
const foreignHost = 'https://api.elsewhere.invalid';

/** What a gateway of this family says instead of BFL's undocumented words. */
const oddWords: Readonly<Record<string, string>> = { Reasoning: 'Processing', Generating: 'processing' };

/** The body of `get_result` at the moment `at` (ms since the epoch): BFL's words, fewer fields. */
export function gatewayStatus(id: string, found: Found | null, at: number, url: string): Record<string, unknown> {
  const { status, result } = bflStatus(id, found, at, url);
  const failed = status === 'Error' || status === 'Failed';
  return { id, status: oddWords[status] ?? status, result: failed ? { message: 'Asked for by the prompt' } : result };
}

/** The answer to a submit. A task that is done already is told at once. */
export function gatewayAccepted(task: Task, url: string): Record<string, unknown> {
  const host = task.wish['foreign-polling-url'] === undefined ? `${url}/flux` : foreignHost;
  const accepted = { id: task.id, polling_url: `${host}/v1/get_result?id=${task.id}` };
  if (task.wish['ready-at-once'] === undefined || task.finishedAt === null || endOf(task) !== 'Ready') return accepted;
  return { ...accepted, status: 'Ready', result: resultOf(task, task.finishedAt, url) };
}
