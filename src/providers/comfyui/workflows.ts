import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { bindingNames, workflowShape, type Workflow } from './workflow.js';
import canny from './workflows/flux-canny-lora.json' with { type: 'json' };
import depth from './workflows/flux-depth-lora.json' with { type: 'json' };
import plain from './workflows/flux-lora.json' with { type: 'json' };

/** A file of the operator's folder that is no workflow: other names of LoRA files. */
const loraMapFile = 'loras.json';
const loraMap = z.record(z.string().min(1), z.string().min(1));

export type Workflows = {
  /** By the model's name. */
  byModel: ReadonlyMap<string, Workflow>;
  /** File names of LoRAs by the names that the operator gave them. */
  loras: ReadonlyMap<string, string>;
};

/**
 * The workflows that come with Darkroom and, in place of some of them, those in the operator's folder. Throws an Error that
 * names file and field when one cannot be used.
 */
export function readWorkflows(folder: string | null): Workflows {
  const builtIn = [plain, canny, depth].map((content) => workflowShape.parse(content));
  const byModel = new Map(builtIn.map((workflow) => [workflow.model, workflow]));
  if (folder === null) return { byModel, loras: new Map() };
  const from = new Map<string, string>();
  let loras = new Map<string, string>();
  for (const name of jsonFilesIn(folder)) {
    const file = join(folder, name);
    const content = readJson(file);
    if (name === loraMapFile) {
      loras = new Map(Object.entries(check(file, loraMap, content)));
      continue;
    }
    const workflow = readWorkflow(file, content, builtIn);
    const other = from.get(workflow.model);
    if (other !== undefined) throw new Error(`${file}: model: ${workflow.model} has a workflow already in ${other}`);
    from.set(workflow.model, file);
    byModel.set(workflow.model, workflow);
  }
  return { byModel, loras };
}

/** One file of the operator's. It has to say of each parameter that the model takes where it goes, so none is lost in silence. */
function readWorkflow(file: string, content: unknown, builtIn: readonly Workflow[]): Workflow {
  const editor = z.looseObject({ nodes: z.array(z.unknown()) });
  if (editor.safeParse(content).success) {
    throw new Error(
      `${file}: this is the editor's own format; export the workflow in API format and put it under graph`,
    );
  }
  const workflow = check(file, workflowShape, content);
  const replaced = builtIn.find(({ model }) => model === workflow.model);
  if (replaced === undefined) {
    const known = builtIn.map(({ model }) => model).join(', ');
    throw new Error(`${file}: model: there is no model ${workflow.model}; there are: ${known}`);
  }
  const missing = bindingNames.filter((name) => replaced.bindings[name] !== undefined && !workflow.bindings[name]);
  if (missing.length > 0) {
    const hint = 'say which inputs take it; an empty list, where allowed, says that the workflow does not take it';
    throw new Error(`${file}: bindings: ${missing.join(', ')} is missing: ${hint}`);
  }
  return workflow;
}

function check<T>(file: string, shape: z.ZodType<T>, content: unknown): T {
  const { success, data, error } = shape.safeParse(content);
  if (success) return data;
  const problems = error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new Error(`${file}: ${problems.join('; ')}`);
}

function jsonFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (error) {
    throw new Error(`The folder of ComfyUI workflows cannot be read: ${String(error)}`, { cause: error });
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: not readable as JSON: ${String(error)}`, { cause: error });
  }
}
