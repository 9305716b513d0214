import { z } from 'zod';
import { tidy } from '../answer.js';
import type { BindingCheck } from '../provider.js';
import type { Asked, Asker } from './ask.js';

const names = z.array(z.string());
/** `[names, …]`, or in newer servers `["COMBO", { options: names }]`. */
const choice = z.union([
  z.tuple([names], z.unknown()).transform(([list]) => list),
  z.tuple([z.string(), z.object({ options: names })], z.unknown()).transform(([, { options }]) => options),
]);
const loaderInfo = z
  .object({ LoraLoaderModelOnly: z.object({ input: z.object({ required: z.object({ lora_name: choice }) }) }) })
  .transform((info) => info.LoraLoaderModelOnly.input.required.lora_name);

export type LoraList = { kind: 'listed'; names: string[] } | { kind: 'refused' | 'unavailable'; message: string };

/** The LoRA files that the server has, as it spells them: with subfolders, on Windows with backslashes. */
export async function listLoras(asker: Asker): Promise<LoraList> {
  const direct = await asker.get('/models/loras');
  if (direct.kind === 'json' && direct.status === 200) {
    const listed = names.safeParse(direct.value).data;
    if (listed !== undefined) return { kind: 'listed', names: listed };
  }
  if (direct.kind === 'none') return { kind: 'unavailable', message: direct.message };
  if (direct.status === 401 || direct.status === 403) return { kind: 'refused', message: `HTTP ${direct.status}` };
  // Servers from before 2024 have no such route; the loader itself says what it can load.
  const info = await asker.get('/object_info/LoraLoaderModelOnly');
  const listed = info.kind === 'json' && info.status === 200 ? loaderInfo.safeParse(info.value).data : undefined;
  return listed === undefined ? { kind: 'unavailable', message: describe(info) } : { kind: 'listed', names: listed };
}

function describe(asked: Asked): string {
  return asked.kind === 'none' ? asked.message : `the server does not list its LoRA files (HTTP ${asked.status})`;
}

/** Why a name cannot be that of a LoRA file below the server's folder; null when it can. */
export function loraNameFault(name: string): string | null {
  const parts = name.split(/[\\/]/);
  if (name.length > 255) return 'is longer than 255 characters';
  if (/[\p{Cc}]/u.test(name)) return 'holds control characters';
  if (/^[\\/]|^[a-z]:/i.test(name)) return 'is an absolute path; a name below the folder of LoRAs is wanted';
  if (parts.includes('..') || parts.includes('.')) return 'leads out of the folder of LoRAs';
  return parts.includes('') ? 'names no file' : null;
}

/** The server's own spelling of a file name, whichever way its separators lean; null when it has no such file. */
export function findLora(listed: readonly string[], wanted: string): string | null {
  const plain = (name: string) => name.replaceAll('\\', '/');
  return listed.find((name) => name === wanted) ?? listed.find((name) => plain(name) === plain(wanted)) ?? null;
}

export function readBindingCheck(name: string, list: LoraList, apiKey: string): BindingCheck {
  if (list.kind !== 'listed') return { kind: 'unknown', message: tidy(list.message, apiKey) };
  const found = findLora(list.names, name);
  return found === null
    ? { kind: 'invalid', message: tidy(`the server has no LoRA file ${name}; it lists ${list.names.length}`, apiKey) }
    : { kind: 'valid', message: tidy(`the server has the LoRA file ${found}`, apiKey) };
}
