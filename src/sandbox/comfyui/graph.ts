import { isRecord } from '../body.js';
import { nodeClasses } from './classes.js';
import { PythonError, typeName } from './python.js';
import { sha256 } from '../random.js';

/** A node in API format: values, and links to other nodes as [node id, number of the output]. */
export type GraphNode = {
  class_type?: unknown;
  inputs?: unknown;
  _meta?: { title?: unknown };
};

/** A workflow in API format, by node id. Its nodes are objects; nothing else about them is sure until it is validated. */
export type Graph = Record<string, GraphNode>;

type Link = { id: string; slot: number };

/** Takes a prompt as it came. Throws PythonError where ComfyUI falls over its form, which it answers with a 500. */
export function toGraph(prompt: unknown): Graph {
  if (!isRecord(prompt)) throw new PythonError('TypeError', `'${typeName(prompt)}' object is not a graph`);
  const graph: Graph = {};
  for (const [id, node] of Object.entries(structuredClone(prompt))) {
    if (!isRecord(node)) throw new PythonError('TypeError', `argument of type '${typeName(node)}' is not iterable`);
    const { class_type, inputs, _meta } = node;
    graph[id] = { ...node, class_type, inputs, ...(isRecord(_meta) ? { _meta } : {}) };
  }
  return graph;
}

export function classOf(graph: Graph, id: string): string {
  return String(graph[id]?.class_type);
}

/** A node's inputs; empty when it is unknown or has none. */
export function inputsOf(graph: Graph, id: string): Record<string, unknown> {
  const inputs = graph[id]?.inputs;
  return isRecord(inputs) ? inputs : {};
}

/** The node and output that an input is linked to; null when it holds a value. */
export function linkOf(value: unknown): Link | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [id, slot]: unknown[] = value;
  return typeof id === 'string' && typeof slot === 'number' ? { id, slot } : null;
}

/** Nodes that show or keep something, in the order of the graph. */
export function outputNodes(graph: Graph): string[] {
  return Object.keys(graph).filter((id) => nodeClasses.get(classOf(graph, id))?.isOutput);
}

/** The inputs that a node's class knows, with their values; only these were checked, so only these are followed. */
function declaredInputs(graph: Graph, id: string): [string, unknown][] {
  const nodeClass = nodeClasses.get(classOf(graph, id));
  const names = new Set([...Object.keys(nodeClass?.required ?? {}), ...Object.keys(nodeClass?.optional ?? {})]);
  return Object.entries(inputsOf(graph, id)).filter(([name]) => names.has(name));
}

/** What has to be executed for `outputs`, each node after all that it is linked to. They must have been found valid. */
export function executionOrder(graph: Graph, outputs: readonly string[]): string[] {
  const order = new Set<string>();
  function visit(id: string): void {
    if (order.has(id)) return;
    for (const [, value] of declaredInputs(graph, id)) {
      const link = linkOf(value);
      if (link !== null) visit(link.id);
    }
    order.add(id);
  }
  for (const id of outputs) visit(id);
  return [...order];
}

/**
 * What makes the result of each node the same as before: its class, its values, and the same of all that it is linked to.
 * `order` is the order of execution. `fileHash` tells the contents of an uploaded image apart, which may change under the
 * same name.
 */
export function signatures(
  graph: Graph,
  order: readonly string[],
  fileHash: (name: string) => string,
): Map<string, string> {
  const known = new Map<string, string>();
  for (const id of order) {
    const inputs = declaredInputs(graph, id).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const parts = inputs.map(([input, value]): unknown[] => {
      const link = linkOf(value);
      if (link !== null) return [input, known.get(link.id), link.slot];
      return input === 'image' ? [input, fileHash(String(value))] : [input, value];
    });
    known.set(id, sha256(JSON.stringify([classOf(graph, id), parts])));
  }
  return known;
}
