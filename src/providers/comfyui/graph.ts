import { createHash } from 'node:crypto';
import type { SubmitRequest } from '../provider.js';
import type { BindingName, Graph, Workflow } from './workflow.js';

/**
 * The seed of a request: the one asked for, else one derived from the attempt's key, 0 to 2^53-1. The same attempt always
 * has the same; another one has another, since a server answers a graph that it knows from its cache.
 */
export function seedOf({ key, parameters }: Pick<SubmitRequest, 'key' | 'parameters'>): number {
  if (typeof parameters.seed === 'number') return parameters.seed;
  const digits = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return Number(BigInt(`0x${digits}`) & (2n ** 53n - 1n));
}

/**
 * Darkroom's Canny thresholds (OpenCV's, 0 to 500 on 8-bit gradients) as ComfyUI's node takes them, 0.01 to 0.99. No official
 * conversion exists; by 255 is the natural guess, so the edges are like, not the same.
 */
export function cannyThreshold(value: number): number {
  return Math.min(Math.max(Math.round((value / 255) * 10_000) / 10_000, 0.01), 0.99);
}

/** Where the server puts the picture, below its output folder: a name of the attempt's own, so it can be found by the key. */
export function outputPrefix(key: string): string {
  return `darkroom/${key}`;
}

/** The query of `/view` for the picture that SaveImage writes first under our prefix. */
export function outputQuery(key: string): string {
  return viewQuery({ filename: `${key}_00001_.png`, subfolder: 'darkroom' });
}

export function viewQuery({ filename, subfolder }: { filename: string; subfolder: string }): string {
  return `?${new URLSearchParams({ filename, subfolder, type: 'output' }).toString()}`;
}

/** The workflow with all of the request in it. What the request leaves open stays as the workflow has it. */
export function fillGraph(
  workflow: Workflow,
  request: SubmitRequest,
  files: { lora: string; controlImage: string | null },
): Graph {
  const { parameters } = request;
  const threshold = (value: unknown) => (typeof value === 'number' ? cannyThreshold(value) : undefined);
  const values: Record<BindingName, string | number | boolean | null | undefined> = {
    prompt: request.prompt,
    lora: files.lora,
    seed: seedOf(request),
    outputPrefix: outputPrefix(request.key),
    controlImage: files.controlImage,
    finetuneStrength: parameters.finetuneStrength,
    steps: parameters.steps,
    guidance: parameters.guidance,
    width: parameters.width,
    height: parameters.height,
    cannyLowThreshold: threshold(parameters.cannyLowThreshold),
    cannyHighThreshold: threshold(parameters.cannyHighThreshold),
  };
  const graph = structuredClone(workflow.graph);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    for (const { node, input } of workflow.bindings[name as BindingName] ?? []) {
      const target = graph[node];
      if (target !== undefined) target.inputs[input] = value;
    }
  }
  return graph;
}
