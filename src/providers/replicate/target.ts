import type { SubmitRequest } from '../provider.js';

/** What is to be run: an official model at an address of its own, or a version, which is named in the body. */
export type Target = { path: string; version: string | null };

const ownModel = '{finetuneId}';
const name = String.raw`[A-Za-z0-9][\w.-]*`;
const model = new RegExp(`^(${name})/(${name})$`);
const versioned = new RegExp(`^${name}/${name}:([0-9a-f]{64})$`, 'i');
const bareVersion = /^[0-9a-f]{64}$/i;

/** The parts of `owner/name`; null for anything else. */
export function modelParts(text: string): { owner: string; name: string } | null {
  const [, owner, rest] = model.exec(text) ?? [];
  return owner === undefined || rest === undefined ? null : { owner, name: rest };
}

/**
 * A version as it goes into the body: its 64 hexadecimal digits, which every form of the API takes, or the `owner/name` of a
 * model whose newest version is meant (Replicate documentation, 2026). Null for anything else.
 */
export function versionIn(text: string): string | null {
  if (bareVersion.test(text)) return text.toLowerCase();
  const [, id] = versioned.exec(text) ?? [];
  if (id !== undefined) return id.toLowerCase();
  return modelParts(text) === null ? null : text;
}

/** Null when the finetune's id is none that can be run. */
export function targetOf({ endpoint, finetuneId }: Pick<SubmitRequest, 'endpoint' | 'finetuneId'>): Target | null {
  const official = modelParts(endpoint);
  if (official !== null) return { path: `/models/${official.owner}/${official.name}/predictions`, version: null };
  const version = versionIn(endpoint === ownModel ? (finetuneId ?? '') : endpoint);
  return version === null ? null : { path: '/predictions', version };
}

export function isOwnModel({ endpoint }: Pick<SubmitRequest, 'endpoint'>): boolean {
  return endpoint === ownModel;
}
