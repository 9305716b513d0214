import { z } from 'zod';
import type { Refusal } from '../submit-answer.js';

const text = z.string().catch('');
const complaint = z.looseObject({
  type: text,
  message: text,
  details: text,
  extra_info: z.looseObject({ input_name: text, received_value: z.unknown().optional() }).catch({ input_name: '' }),
});
const nodeError = z.looseObject({
  errors: z.array(z.unknown()).catch([]),
  class_type: text,
  dependent_outputs: z.array(z.union([z.string(), z.number()]).transform(String)).catch([]),
});
const nodeErrors = z.record(z.string(), nodeError).catch({});
const whole = z.looseObject({
  error: z
    .looseObject({
      type: text,
      message: text,
      extra_info: z.looseObject({ class_type: text }).catch({ class_type: '' }),
    })
    .optional()
    .catch(undefined),
  node_errors: nodeErrors,
});

type NodeErrors = z.infer<typeof nodeErrors>;
const linesAtMost = 3;

/** What an answer of ComfyUI's means that is no 2xx; null: the usual. */
export function refusalFor(status: number, answer: Record<string, unknown> | null): Refusal | null {
  if (status === 400) {
    const says = answer === null ? 'the server found the request malformed' : explain(answer);
    return { code: 'PROVIDER_REFUSED', retry: 'never', says };
  }
  if (status === 413) {
    const says = "the request is larger than the server's upload limit (its flag --max-upload-size)";
    return { code: 'PROVIDER_REFUSED', retry: 'never', says };
  }
  if (status === 404 || status === 405 || status === 410) {
    return { code: 'PROVIDER_UNREACHABLE', retry: 'account', says: "no ComfyUI answers at the account's base URL" };
  }
  return null;
}

function explain(answer: Record<string, unknown>): string {
  const { error, node_errors: errors } = whole.parse(answer);
  const lines = explainNodes(errors);
  if (lines !== '') return lines;
  if (error === undefined) return 'the server refused the workflow';
  // Older servers say it in words only.
  const name = error.extra_info.class_type || (/node (\S+) does not exist/i.exec(error.message)?.[1] ?? '');
  if (name !== '') return `the server has no node type ${name}: the custom node that brings it is not installed`;
  return 'the server refused the workflow';
}

/**
 * The errors that keep the node `output` from being run, in words; null when there are none. An answer of 200 lists the
 * errors of those outputs that will not be made while others are.
 */
export function errorsOf(answer: Record<string, unknown>, output: string): string | null {
  const { node_errors: all } = whole.parse(answer);
  const entries = Object.entries(all).filter(
    ([id, { dependent_outputs: outputs }]) => id === output || outputs.includes(output),
  );
  return entries.length === 0 ? null : explainNodes(Object.fromEntries(entries));
}

function explainNodes(errors: NodeErrors): string {
  const lines = Object.entries(errors).flatMap(([id, { errors: list, class_type: name }]) =>
    list.map((each) => explainOne(complaint.safeParse(each).data, `node ${id}${name === '' ? '' : ` (${name})`}`)),
  );
  const rest = lines.length - linesAtMost;
  return lines.slice(0, linesAtMost).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

/** Lists of files that a server checks names against. */
const files: ReadonlyMap<string, string> = new Map([
  ['lora_name', 'LoRA file'],
  ['unet_name', 'diffusion model file'],
  ['clip_name1', 'text encoder file'],
  ['clip_name2', 'text encoder file'],
  ['vae_name', 'VAE file'],
]);

function explainOne(error: z.infer<typeof complaint> | undefined, where: string): string {
  if (error === undefined) return `${where} is wrong`;
  const { type, message, details, extra_info: info } = error;
  const input = info.input_name === '' ? where : `${where}, input ${info.input_name}`;
  const file = files.get(info.input_name);
  if (type === 'value_not_in_list' && file !== undefined) {
    return `the server has no ${file} ${String(info.received_value)} (${input})`;
  }
  return `${input}: ${[message, details].filter((part) => part !== '').join(': ')}`;
}
