import { sha256 } from '../random.js';

/** The account's own models: each finetune of the sandbox, trained once. */
export const ownOwner = 'sandbox';

/** The version that a finetune's training made: always the same, so that a profile can be bound to it beforehand. */
export function versionOf(finetune: string): string {
  return sha256(finetune);
}

/** What `/trainings` lists. */
export function trainingsOf(finetunes: readonly string[]): unknown[] {
  return finetunes.map((name) => ({
    id: versionOf(`training of ${name}`).slice(0, 26),
    model: 'ostris/flux-dev-lora-trainer',
    status: 'succeeded',
    input: { trigger_word: '' },
    output: { version: `${ownOwner}/${name}:${versionOf(name)}` },
  }));
}
