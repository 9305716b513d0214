import type { Graph } from './graph.js';
import type { Task } from '../task.js';

/** A prompt that was accepted, as the queue holds it. */
export type Item = {
  /** Lower ones come first. */
  readonly number: number;
  readonly promptId: string;
  readonly graph: Graph;
  readonly extra: Readonly<Record<string, unknown>>;
  /** The output nodes to be executed. */
  readonly outputs: readonly string[];
  readonly clientId: string | null;
  readonly task: Task;
  /** How long it takes when nothing is in the cache, in ms before scaling. */
  readonly spanMs: number;
};

/** What a node showed. */
export type Ui = { images: { filename: string; subfolder: string; type: string }[] };

/** What was told about a prompt, each with its moment. */
export type Messages = (readonly [event: string, data: Record<string, unknown>])[];

export type HistoryEntry = {
  readonly prompt: readonly unknown[];
  readonly outputs: Readonly<Record<string, Ui>>;
  readonly status: { status_str: 'success' | 'error'; completed: boolean; messages: Messages };
  readonly meta: Readonly<Record<string, object>>;
};

/** An item as `/queue` and `/history` show it. */
export function queueItem({ number, promptId, graph, extra, outputs }: Item): readonly unknown[] {
  return [number, promptId, graph, extra, outputs];
}
