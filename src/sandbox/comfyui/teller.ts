import { classOf, inputsOf, linkOf } from './graph.js';
import { queueItem, type HistoryEntry, type Item, type Messages, type Ui } from './item.js';
import type { Sockets } from './sockets.js';

/** Tells whoever listens what becomes of one prompt, and keeps what its history will say. */
export type Teller = {
  /** The moment of what is told next, ms since the epoch. */
  now: number;
  readonly executed: string[];
  start(): void;
  cached(nodes: readonly string[]): void;
  executing(node: string): void;
  progress(node: string, state: 'running' | 'finished', value: number, max: number): void;
  /** A step of a sampler, with a preview. */
  step(node: string, value: number, max: number, preview: Buffer): void;
  show(node: string, ui: Ui): void;
  interrupted(node: string): HistoryEntry;
  failed(node: string, type: string, message: string): HistoryEntry;
  succeeded(): HistoryEntry;
};

/** `old` servers tell no `progress_state`. */
export function createTeller(item: Item, sockets: Sockets, old: boolean, startedAt: number): Teller {
  const { promptId: prompt_id, graph, clientId } = item;
  const messages: Messages = [];
  const states: Record<string, object> = {};
  const outputs: Record<string, Ui> = {};
  const meta: Record<string, object> = {};
  const executed: string[] = [];

  /** What goes into the history too. Without a client only what all shall hear is sent. */
  function say(event: string, data: Record<string, unknown>, toAll = false): void {
    const full = { ...data, timestamp: Math.floor(teller.now) };
    messages.push([event, full]);
    if (clientId !== null || toAll) sockets.send(event, full, clientId);
  }

  function tell(event: string, data: object): void {
    if (clientId !== null) sockets.send(event, data, clientId);
  }

  function over(success: boolean): HistoryEntry {
    const status_str = success ? 'success' : 'error';
    return { prompt: queueItem(item), outputs, status: { status_str, completed: success, messages }, meta };
  }

  const teller: Teller = {
    now: startedAt,
    executed,
    start: () => say('execution_start', { prompt_id }),
    cached: (nodes) => say('execution_cached', { nodes, prompt_id }),
    executing: (node) => tell('executing', { node, display_node: node, prompt_id }),
    progress(node, state, value, max) {
      if (old) return;
      const ids = { node_id: node, prompt_id, display_node_id: node, parent_node_id: null, real_node_id: node };
      states[node] = { value, max, state, ...ids };
      // Unlike other events, progress goes to everybody when nobody in particular has asked for the prompt.
      sockets.send('progress_state', { prompt_id, nodes: states }, clientId);
    },
    step(node, value, max, preview) {
      teller.progress(node, 'running', value, max);
      sockets.send('progress', { value, max, prompt_id, node }, clientId);
      const ids = { node_id: node, prompt_id, display_node_id: node, parent_node_id: null, real_node_id: node };
      sockets.preview(preview, ids, clientId);
    },
    show(node, ui) {
      outputs[node] = ui;
      meta[node] = { node_id: node, display_node: node, parent_node: null, real_node_id: node };
      tell('executed', { node, display_node: node, output: ui, prompt_id });
    },
    interrupted(node) {
      const about = { prompt_id, node_id: node, node_type: classOf(graph, node), executed: [...executed] };
      say('execution_interrupted', about, true);
      return over(false);
    },
    failed(node, type, message) {
      const values = Object.entries(inputsOf(graph, node)).filter(([, value]) => linkOf(value) === null);
      say('execution_error', {
        prompt_id,
        node_id: node,
        node_type: classOf(graph, node),
        executed: [...executed],
        exception_message: message,
        exception_type: type,
        traceback: ['  File "/srv/comfyui/execution.py", line 510, in execute\n'],
        current_inputs: Object.fromEntries(values.map(([name, value]) => [name, [value]])),
        current_outputs: [...executed],
      });
      return over(false);
    },
    succeeded() {
      say('execution_success', { prompt_id });
      return over(true);
    },
  };
  return teller;
}
