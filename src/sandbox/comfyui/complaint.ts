import { repr } from './python.js';

/** Why a graph, or an input of a node, was not taken. */
export type Reason = { type: string; message: string; details: string; extra_info: Record<string, unknown> };

/** Complaints by node; a node that is only linked to a wrong one is not listed. */
export type NodeErrors = Record<string, { errors: Reason[]; dependent_outputs: string[]; class_type: string }>;

/** One error that is about an input: its name, how it is declared, and what came. */
export function inputReason(
  type: string,
  message: string,
  details: string,
  extra: { input_name: string; input_config?: unknown; received_value?: unknown; [more: string]: unknown },
): Reason {
  return { type, message, details, extra_info: extra };
}

export function graphReason(type: string, message: string, details = '', extra: Record<string, unknown> = {}): Reason {
  return { type, message, details, extra_info: extra };
}

/** Long lists are not repeated in complaints. */
const longestList = 20;

export function notInList(name: string, value: unknown, options: readonly string[], config: unknown): Reason {
  const long = options.length > longestList;
  const list = long ? `(list of length ${options.length})` : repr(options);
  const extra = { input_name: name, input_config: long ? null : config, received_value: value };
  return inputReason('value_not_in_list', 'Value not in list', `${name}: ${repr(value)} not in ${list}`, extra);
}

/** As a custom check of the node's own would have it. */
export function customReason(name: string, why: string): Reason {
  return inputReason('custom_validation_failed', 'Custom validation failed for node', `${name} - ${why}`, {
    input_name: name,
  });
}
