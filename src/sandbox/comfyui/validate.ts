import { nodeClasses } from './classes.js';
import type { InputSpec, NodeClass } from './specs.js';
import { graphReason, inputReason, type NodeErrors, type Reason } from './complaint.js';
import { classOf, outputNodes, type Graph } from './graph.js';
import { inputConfig, typeOf, type Shelf } from './object-info.js';
import { PythonError, repr, str } from './python.js';
import { checkValue } from './value.js';

type Verdict =
  /** `outputs` are the output nodes that can run; what is wrong with others is in `nodeErrors`. */
  { ok: true; outputs: string[]; nodeErrors: NodeErrors } | { ok: false; error: Reason; nodeErrors: NodeErrors };

type Judgement = { valid: boolean; reasons: Reason[] };

/** Why a graph cannot even be looked at: a node without a class, or of one that is not installed. */
function missingClass(graph: Graph, old: boolean): Reason | null {
  for (const [id, { class_type, _meta }] of Object.entries(graph)) {
    if (typeof class_type === 'string' && nodeClasses.has(class_type)) continue;
    const details = `Node ID '#${id}'`;
    if (old) {
      const what =
        class_type === undefined
          ? 'a node is missing the class_type property'
          : `node ${str(class_type)} does not exist`;
      return graphReason('invalid_prompt', `Cannot execute because ${what}.`, details);
    }
    const title = _meta?.title ?? null;
    const shown = class_type === undefined ? (title ?? `ID #${id}`) : (title ?? class_type);
    const what =
      class_type === undefined
        ? 'has no class_type. The workflow may be corrupted or a custom node is missing.'
        : 'not found. The custom node may not be installed.';
    const extra = { node_id: id, class_type: class_type ?? null, node_title: title ?? class_type ?? null };
    return graphReason('missing_node_type', `Node '${str(shown)}' ${what}`, details, extra);
  }
  return null;
}

function isInputs(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The type that comes out of a link. Throws PythonError as ComfyUI does, which checks neither node nor number first. */
function linkedType(graph: Graph, [id, slot]: readonly unknown[]): string {
  const origin = nodeClasses.get(classOf(graph, String(id)));
  if (typeof id !== 'string' || origin === undefined) throw new PythonError('KeyError', repr(id));
  if (typeof slot !== 'number') {
    throw new PythonError('TypeError', `tuple indices must be integers or slices, not ${typeof slot}`);
  }
  const type = origin.output[slot];
  if (type === undefined) throw new PythonError('IndexError', 'tuple index out of range');
  return type;
}

function pythonTrouble(thrown: unknown): { exception_message: string; exception_type: string; traceback: string[] } {
  if (!(thrown instanceof PythonError)) throw thrown;
  const traceback = ['  File "/srv/comfyui/execution.py", line 1041, in validate_inputs\n'];
  return { exception_message: thrown.message, exception_type: thrown.type, traceback };
}

/** Judges each node once, together with all that it is linked to; values are converted in place. */
function createJudge(graph: Graph, shelf: Shelf): { judge: (id: string) => Judgement; judged: Map<string, Judgement> } {
  const judged = new Map<string, Judgement>();
  const path: string[] = [];

  function follow(id: string, name: string, link: unknown[], spec: InputSpec, nodeClass: NodeClass): Reason | boolean {
    const config = inputConfig(spec, nodeClass, shelf.lists);
    if (link.length !== 2) {
      const message = 'Bad linked input, must be a length-2 list of [node_id, slot_index]';
      return inputReason('bad_linked_input', message, name, {
        input_name: name,
        input_config: config,
        received_value: link,
      });
    }
    const received = linkedType(graph, link);
    const wanted = typeOf(spec, shelf.lists);
    if (received !== wanted) {
      const details = `${name}, received_type(${received}) mismatch input_type(${typeof wanted === 'string' ? wanted : repr(wanted)})`;
      const extra = { input_name: name, input_config: config, received_type: received, linked_node: link };
      return inputReason('return_type_mismatch', 'Return type mismatch between linked nodes', details, extra);
    }
    const origin = String(link[0]);
    path.push(id);
    try {
      return judge(origin).valid;
    } catch (thrown) {
      const trouble = pythonTrouble(thrown);
      const extra = { input_name: name, input_config: config, ...trouble, linked_node: link };
      const reason = graphReason(
        'exception_during_inner_validation',
        'Exception when validating inner node',
        trouble.exception_message,
        extra,
      );
      judged.set(origin, { valid: false, reasons: [reason] });
      return false;
    } finally {
      path.pop();
    }
  }

  function cycle(id: string): Judgement {
    const nodes = path.slice(path.indexOf(id));
    const details = [...nodes, id].map((each) => `${each} (${classOf(graph, each)})`).join(' -> ');
    for (const node of nodes) {
      const reason = graphReason('dependency_cycle', 'Dependency cycle detected', details, {
        node_id: node,
        cycle_nodes: nodes,
      });
      judged.set(node, { valid: false, reasons: [reason] });
    }
    return { valid: false, reasons: judged.get(id)?.reasons ?? [] };
  }

  function judge(id: string): Judgement {
    const known = judged.get(id);
    if (known !== undefined) return known;
    if (path.includes(id)) return cycle(id);
    const nodeClass = nodeClasses.get(classOf(graph, id));
    const inputs = graph[id]?.inputs;
    if (nodeClass === undefined || !isInputs(inputs)) throw new PythonError('KeyError', "'inputs'");
    const reasons: Reason[] = [];
    let valid = true;
    const declared = [nodeClass.required, nodeClass.optional ?? {}].flatMap((part) => Object.entries(part));
    for (const [name, spec] of declared) {
      const value = inputs[name];
      let found: Reason | boolean | null = null;
      if (value === undefined) {
        if (!(name in nodeClass.required)) continue;
        found = inputReason('required_input_missing', 'Required input is missing', name, { input_name: name });
      } else if (Array.isArray(value)) {
        found = follow(id, name, value, spec, nodeClass);
      } else {
        found = checkValue({ name, inputs, spec, nodeClass, shelf });
      }
      if (found === false) valid = false;
      else if (typeof found === 'object' && found !== null) reasons.push(found);
    }
    // A cycle found on the way has judged this node already.
    const before = judged.get(id);
    const judgement = {
      valid: valid && reasons.length === 0 && before?.valid !== false,
      reasons: [...(before?.reasons ?? []), ...reasons],
    };
    judged.set(id, judgement);
    return judgement;
  }

  return { judge, judged };
}

/** Checks a graph as ComfyUI does, output by output, and converts its values in place. */
export function validateGraph(
  graph: Graph,
  shelf: Shelf,
  options: { only: readonly string[] | null; old: boolean },
): Verdict {
  const missing = missingClass(graph, options.old);
  if (missing !== null) return { ok: false, error: missing, nodeErrors: {} };
  const outputs = outputNodes(graph).filter((id) => options.only?.includes(id) ?? true);
  if (outputs.length === 0) {
    return { ok: false, error: graphReason('prompt_no_outputs', 'Prompt has no outputs'), nodeErrors: {} };
  }

  const { judge, judged } = createJudge(graph, shelf);
  const nodeErrors: NodeErrors = {};
  const good: string[] = [];
  const said: string[] = [];
  for (const output of outputs) {
    let judgement: Judgement;
    try {
      judgement = judge(output);
    } catch (thrown) {
      const trouble = pythonTrouble(thrown);
      const { exception_message, ...extra } = trouble;
      const message = 'Exception when validating node';
      judgement = {
        valid: false,
        reasons: [graphReason('exception_during_validation', message, exception_message, extra)],
      };
      judged.set(output, judgement);
    }
    if (judgement.valid) {
      good.push(output);
      continue;
    }
    said.push(...judgement.reasons.map(({ message, details }) => `${message}: ${details}`));
    for (const [id, { valid, reasons }] of judged) {
      if (valid || reasons.length === 0) continue;
      nodeErrors[id] ??= { errors: reasons, dependent_outputs: [], class_type: classOf(graph, id) };
      nodeErrors[id].dependent_outputs.push(output);
    }
  }
  if (good.length > 0) return { ok: true, outputs: good, nodeErrors };
  const error = graphReason('prompt_outputs_failed_validation', 'Prompt outputs failed validation', said.join('\n'));
  return { ok: false, error, nodeErrors };
}
