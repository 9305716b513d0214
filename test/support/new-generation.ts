import { isShortfall } from '../../src/domain/budget.js';
import type { Generation, NewGeneration } from '../../src/domain/generation.js';
import { newId } from '../../src/domain/ids.js';
import type { Ledger } from '../../src/domain/ports.js';

/** Something that can be accepted. */
export function newGeneration(details: { projectId: string } & Partial<NewGeneration>): NewGeneration {
  return {
    id: newId(),
    control: 'NONE',
    profileId: newId(),
    provider: 'bfl',
    model: 'bfl/flux-pro-finetuned',
    account: 'sandbox',
    prompt: 'a jar',
    promptSent: 'a jar',
    loraUrl: null,
    finetuneId: 'own',
    parameters: { width: 256, height: 256 },
    asked: { width: 256, height: 256 },
    rerunOf: null,
    pixels: 65_536,
    images: {},
    tags: [],
    subject: null,
    priority: 0,
    deadlineMs: 60_000,
    costEstimatedMicros: null,
    costReserveMicros: null,
    requestKey: null,
    routes: null,
    ...details,
  };
}

/** Accepts what nothing stands in the way of. */
export async function acceptOne(ledger: Pick<Ledger, 'accept'>, row: NewGeneration): Promise<Generation> {
  const generation = await ledger.accept(row);
  if (generation === null) throw new Error(`The idempotency key of ${row.id} is taken.`);
  if (isShortfall(generation)) throw new Error(`A budget has not enough left for ${row.id}.`);
  return generation;
}
