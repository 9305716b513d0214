import { z } from 'zod';

/** What one message of the server's tells of one task. */
export type TaskEvent =
  | { kind: 'progress'; taskId: string; steps: number; fraction: number }
  /** Worth a look: it is over, or all but. */
  | { kind: 'over'; taskId: string };

const frame = z.object({ type: z.string(), data: z.looseObject({ prompt_id: z.string() }) });
const count = z.number().min(0);
const step = z.looseObject({ value: count, max: count });
const states = z.record(z.string(), z.unknown());

/** Longer than any message that is of use; a preview's or an error's may be. */
const maxTextLength = 1_000_000;

const overTypes: ReadonlySet<string> = new Set(['execution_success', 'execution_error', 'execution_interrupted']);

/** Null for whatever is not understood or does not matter: other messages, previews, broken ones. */
export function readEvent(message: unknown): TaskEvent | null {
  if (typeof message !== 'string' || message.length > maxTextLength) return null;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return null;
  }
  const parsed = frame.safeParse(value);
  if (!parsed.success) return null;
  const { type, data } = parsed.data;
  const taskId = data.prompt_id;
  // `executing` without a node is the last word on a prompt, and comes when its history is written.
  if (overTypes.has(type) || (type === 'executing' && data['node'] === null)) return { kind: 'over', taskId };
  if (type === 'progress') return longest(taskId, [data]);
  if (type === 'progress_state') return longest(taskId, Object.values(states.safeParse(data['nodes']).data ?? {}));
  return null;
}

/**
 * How far the node with the most steps is: the sampler, which takes nearly all of the time. Nodes of one step only start and
 * end, and say nothing.
 */
function longest(taskId: string, nodes: readonly unknown[]): TaskEvent | null {
  let best: TaskEvent | null = null;
  let most = 1;
  for (const each of nodes) {
    const { data } = step.safeParse(each);
    if (data === undefined || data.max <= most) continue;
    most = data.max;
    best = { kind: 'progress', taskId, steps: data.max, fraction: Math.min(data.value / data.max, 1) };
  }
  return best;
}
