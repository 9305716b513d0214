import { nodeClasses } from './classes.js';
import type { Files } from './files.js';
import { classOf, executionOrder, inputsOf, linkOf, outputNodes, signatures, type Graph } from './graph.js';
import type { HistoryEntry, Item, Ui } from './item.js';
import { readMeaning } from './meaning.js';
import { PythonError } from './python.js';
import { findImage, savePictures } from './save.js';
import type { Sockets } from './sockets.js';
import { createTeller } from './teller.js';

/** What executed nodes showed, by what made them so; only of nodes that the last prompt had too. */
export type Cache = Map<string, Ui | null>;

/**
 * A prompt being executed: gives the moment (ms since the epoch) until which it waits, is told the moment at which it goes
 * on, and gives in the end what its history will say; null when it took ComfyUI down with it.
 */
export type Execution = Generator<number, HistoryEntry | null, number>;

export type Ground = {
  readonly files: Files;
  readonly sockets: Sockets;
  readonly cache: Cache;
  readonly timeScale: number;
  readonly old: boolean;
  /** A small JPEG, sent as preview. */
  readonly preview: Buffer;
  readonly interrupted: () => boolean;
  /** Hears which node is being executed. */
  readonly onNode: (node: string) => void;
};

type Flaw = { type: string; message: string };

/** Pixels of all pictures of a batch that this card has memory for. */
const mostPixels = 32_000_000;

const outOfMemory: Flaw = {
  type: 'torch.OutOfMemoryError',
  message:
    'Allocation on device \nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.',
};

function isSampler(name: string): boolean {
  return name === 'KSampler' || name === 'SamplerCustomAdvanced';
}

/** Steps of a sampler, which may take them from a scheduler; of another node 1. */
export function stepsOf(graph: Graph, id: string): number {
  if (!isSampler(classOf(graph, id))) return 1;
  const inputs = inputsOf(graph, id);
  const steps = inputs['steps'] ?? inputsOf(graph, linkOf(inputs['sigmas'])?.id ?? '')['steps'];
  return typeof steps === 'number' ? steps : 20;
}

/** Why a node fails by itself, whatever the prompt asked for; null when it does not. */
function flawOf(graph: Graph, node: string, files: Files): Flaw | null {
  const name = classOf(graph, node);
  if (name === 'LoadImage' || name === 'LoadImageMask') {
    const file = String(inputsOf(graph, node)['image']);
    const content = findImage(files, file)?.content;
    if (content === undefined)
      return { type: 'FileNotFoundError', message: `[Errno 2] No such file or directory: '${file}'\n` };
    if (content.kind === 'drawn' || content.size !== null) return null;
    return { type: 'PIL.UnidentifiedImageError', message: `cannot identify image file '${file}'\n` };
  }
  if (!isSampler(name)) return null;
  const drawn = outputNodes(graph).map((id) => readMeaning(graph, id, (image) => findImage(files, image)).recipe);
  const pixels = Math.max(0, ...drawn.map(({ width, height, batch }) => width * height * batch));
  return pixels > mostPixels ? outOfMemory : null;
}

/** How the prompt asked to fail, half way through the sampler. */
function wishedFlaw({ wish }: Item['task']): Flaw | null {
  if (wish.oom !== undefined) return outOfMemory;
  if (wish.error === undefined && wish.failed === undefined && wish.timeout === undefined) return null;
  return { type: 'RuntimeError', message: 'Asked for by the prompt\n' };
}

/** Executes a prompt from `startedAt` on: tells its events as time passes, and makes its pictures. */
export function* execute(item: Item, startedAt: number, ground: Ground): Execution {
  const { graph, outputs } = item;
  const { wish } = item.task;
  const { files, cache, timeScale, old, interrupted } = ground;
  const teller = createTeller(item, ground.sockets, old, startedAt);

  const hashOf = (name: string): string => {
    const content = findImage(files, name)?.content;
    return content === undefined ? name : content.kind === 'bytes' ? content.hash : content.id;
  };
  const order = executionOrder(graph, outputs);
  const signed = signatures(graph, order, hashOf);
  const current = new Set(signed.values());
  for (const key of cache.keys()) if (!current.has(key)) cache.delete(key);
  const cached = new Set(order.filter((id) => cache.has(signed.get(id) ?? '')));
  teller.start();
  teller.cached([...cached]);

  const weightOf = (id: string): number => nodeClasses.get(classOf(graph, id))?.work ?? 1;
  // A time that was asked for is exact, whatever is in the cache.
  const counted = wish.duration === undefined ? order : order.filter((id) => !cached.has(id));
  const unitMs = item.spanMs / timeScale / (counted.reduce((sum, id) => sum + weightOf(id), 0) || 1);

  let workedMs = 0;

  for (const node of order) {
    if (cached.has(node)) {
      // Versions differ in this: some list the pictures of before again, some do not.
      const before = cache.get(signed.get(node) ?? '') ?? null;
      if (before !== null && !old) teller.show(node, before);
      teller.progress(node, 'finished', 1, 1);
      continue;
    }
    teller.progress(node, 'running', 0, 1);
    ground.onNode(node);
    teller.executing(node);
    if (interrupted()) return teller.interrupted(node);

    const steps = stepsOf(graph, node);
    const sampler = isSampler(classOf(graph, node));
    for (let step = 1; step <= steps; step++) {
      workedMs += (unitMs * weightOf(node)) / steps;
      teller.now = yield startedAt + workedMs;
      if (!sampler) break;
      // Only between two steps does ComfyUI notice that it shall stop.
      if (interrupted()) return teller.interrupted(node);
      if (step * 2 >= steps) {
        if (wish.crash !== undefined) return null;
        if (wish.canceled !== undefined) return teller.interrupted(node);
        const flaw = wishedFlaw(item.task);
        if (flaw !== null) return teller.failed(node, flaw.type, flaw.message);
        while (wish.stuck !== undefined) {
          teller.now = yield Infinity;
          if (interrupted()) return teller.interrupted(node);
        }
      }
      teller.step(node, step, steps, ground.preview);
    }

    const flaw = flawOf(graph, node, files);
    if (flaw !== null) return teller.failed(node, flaw.type, flaw.message);
    let ui: Ui | null = null;
    try {
      if (outputs.includes(node)) ui = savePictures(item, node, files, teller.now);
    } catch (thrown) {
      if (!(thrown instanceof PythonError)) throw thrown;
      return teller.failed(node, thrown.type, thrown.message);
    }
    if (ui !== null) teller.show(node, ui);
    cache.set(signed.get(node) ?? '', ui);
    teller.progress(node, 'finished', steps, steps);
    teller.executed.push(node);
  }
  return teller.succeeded();
}
