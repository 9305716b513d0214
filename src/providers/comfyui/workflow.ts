import { z } from 'zod';

/** A link is `[node id, slot]`; anything else is a value. */
const link = z.tuple([z.string(), z.int().min(0)]);
const node = z.looseObject({ class_type: z.string().min(1), inputs: z.record(z.string(), z.unknown()) });
const place = z.strictObject({ node: z.string(), input: z.string() });
const places = z.array(place);
const needed = places.min(1);

/** Which inputs of which nodes take what. An empty list says that the workflow does not take it. */
const bindings = z.strictObject({
  prompt: needed,
  /** File name of the LoRA. */
  lora: needed,
  seed: needed,
  /** Where the output goes: SaveImage's `filename_prefix`. */
  outputPrefix: needed,
  /** Name of the uploaded image. */
  controlImage: needed.optional(),
  finetuneStrength: places.optional(),
  steps: places.optional(),
  guidance: places.optional(),
  width: places.optional(),
  height: places.optional(),
  cannyLowThreshold: places.optional(),
  cannyHighThreshold: places.optional(),
});

const shape = z.strictObject({
  /** Name of the model that it serves, e.g. `flux-lora`. */
  model: z.string().min(1),
  notes: z.string().optional(),
  /** The node whose image is the result. */
  output: z.string(),
  bindings,
  graph: z.record(z.string(), node),
});

export const workflowShape = shape.superRefine(({ graph, output, bindings: bound }, context) => {
  const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (graph[output] === undefined) complain(['output'], `there is no node ${output} in the graph`);
  for (const [name, list] of Object.entries(bound)) {
    for (const [at, { node: id, input }] of (list ?? []).entries()) {
      const path = ['bindings', name, String(at)];
      const inputs = graph[id]?.inputs;
      if (inputs === undefined) complain([...path, 'node'], `there is no node ${id} in the graph`);
      else if (!Object.hasOwn(inputs, input)) complain([...path, 'input'], `node ${id} has no input ${input}`);
    }
  }
  for (const [id, { inputs }] of Object.entries(graph)) {
    for (const [name, value] of Object.entries(inputs)) {
      const linked = link.safeParse(value).data;
      if (linked === undefined || graph[linked[0]] !== undefined) continue;
      complain(['graph', id, 'inputs', name], `it is linked to node ${linked[0]}, which is not in the graph`);
    }
  }
});

/** A graph in ComfyUI's API format, and where our parameters go in it. */
export type Workflow = z.infer<typeof shape>;
export type Graph = Workflow['graph'];
export type BindingName = keyof Workflow['bindings'];

export const bindingNames = bindings.keyof().options;

/** The LoRA files that a workflow loads whatever is asked for: control LoRAs, which are nobody's finetunes. */
export function ownLoras({ graph, bindings: bound }: Workflow): string[] {
  const taken = new Set(bound.lora.map(({ node: id }) => id));
  return Object.entries(graph)
    .filter(([id]) => !taken.has(id))
    .map(([, { inputs }]) => inputs['lora_name'])
    .filter((name) => typeof name === 'string');
}
