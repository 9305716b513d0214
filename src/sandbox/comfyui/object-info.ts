import { nodeClasses } from './classes.js';
import type { InputSpec, NodeClass } from './specs.js';

/** The names in a list of files at this moment. */
export type Lists = (files: Extract<InputSpec[0], { files: unknown }>['files']) => readonly string[];

/** What is installed and uploaded, against which a graph is checked. */
export type Shelf = {
  readonly lists: Lists;
  /** Whether there is an image of this (annotated) name. */
  hasImage(name: string): boolean;
};

/** An input's type as links and values are checked against it, or the list of values it may have. */
export function typeOf([type]: InputSpec, lists: Lists): string | readonly string[] {
  return typeof type === 'object' && 'files' in type ? lists(type.files) : type;
}

/** An input as ComfyUI shows it in `object_info` and in complaints. */
export function inputConfig(spec: InputSpec, nodeClass: NodeClass, lists: Lists): readonly unknown[] {
  const type = typeOf(spec, lists);
  const more = spec[1];
  if (typeof type !== 'string' && nodeClass.newer) return ['COMBO', { multiselect: false, options: type, ...more }];
  return more === undefined ? [type] : [type, more];
}

function section(
  inputs: Readonly<Record<string, InputSpec>>,
  nodeClass: NodeClass,
  lists: Lists,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, inputConfig(spec, nodeClass, lists)]));
}

function nodeInfo(name: string, nodeClass: NodeClass, lists: Lists): Record<string, unknown> {
  const { required, optional, hidden, output, names, title, category, module, isOutput } = nodeClass;
  const declared = {
    required: section(required, nodeClass, lists),
    ...(optional === undefined ? {} : { optional: section(optional, nodeClass, lists) }),
    ...(hidden === undefined ? {} : { hidden }),
  };
  return {
    input: declared,
    input_order: Object.fromEntries(Object.entries(declared).map(([key, inputs]) => [key, Object.keys(inputs)])),
    is_input_list: false,
    output,
    output_is_list: output.map(() => false),
    output_name: names ?? output,
    name,
    display_name: title,
    description: '',
    python_module: module ?? 'nodes',
    category,
    output_node: isOutput === true,
    has_intermediate_output: false,
    search_aliases: [],
  };
}

/** What `/object_info` says of one class, or of all. Nothing of a class that is not installed. */
export function objectInfo(lists: Lists, wanted?: string): Record<string, unknown> {
  const chosen = [...nodeClasses].filter(([name]) => wanted === undefined || name === wanted);
  return Object.fromEntries(chosen.map(([name, nodeClass]) => [name, nodeInfo(name, nodeClass, lists)]));
}
