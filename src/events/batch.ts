import type { GenerationEvent } from '../domain/generation.js';

const batches = new WeakMap<GenerationEvent, readonly GenerationEvent[]>();

/** Notes that these events were read together, so that what readers want to know beyond them can be read together too. */
export function noteBatch(events: readonly GenerationEvent[]): void {
  for (const event of events) batches.set(event, events);
}

/** The events that were read with this one, itself among them; null when it was not read for followers. */
export function batchOf(event: GenerationEvent): readonly GenerationEvent[] | null {
  return batches.get(event) ?? null;
}
