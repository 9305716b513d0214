import type { Generation, GenerationEvent } from '../domain/generation.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { Waiting } from '../domain/waiting.js';

/** Intervals waited for at once, at most. */
const rememberedAtMost = 10_000;
/** Its end may have passed by before the interval was told: after so long it is not waited for any more. */
const rememberedMs = 60 * 60_000;

export type Foretold = {
  /** An interval was given to somebody; of each generation and stage the first one counts. */
  tell(generation: Generation, eta: NonNullable<Waiting['eta']>): void;
  /** How many generations are followed. */
  waiting(): number;
  /** Something happened: was it foretold? */
  see(event: GenerationEvent): void;
};

type Stage = 'queued' | 'running';

/** Holds the intervals that were given out against what came of them. */
export function createForetold(
  onOutcome: (stage: Stage, hit: boolean) => void,
  now: () => number = () => performance.now(),
): Foretold {
  const told = new Map<string, { since: number; stages: Map<Stage, NonNullable<Waiting['eta']>> }>();

  function forgetOld(): void {
    // In the order in which they were first told.
    for (const [id, { since }] of told) {
      if (now() - since < rememberedMs) return;
      told.delete(id);
    }
  }

  return {
    tell({ id, status }, eta) {
      const stage: Stage = status === 'QUEUED' ? 'queued' : 'running';
      const known = told.get(id);
      if (known === undefined) {
        if (told.size < rememberedAtMost) told.set(id, { since: now(), stages: new Map([[stage, eta]]) });
      } else if (!known.stages.has(stage)) {
        known.stages.set(stage, eta);
      }
    },
    waiting() {
      forgetOld();
      return told.size;
    },
    see({ generationId, status, at }) {
      if (!isTerminal(status)) return;
      const known = told.get(generationId);
      if (known === undefined) return;
      told.delete(generationId);
      // Whoever cancels, or is moderated early, was not foretold anything.
      if (status !== 'SUCCEEDED') return;
      for (const [stage, { earliest, latest }] of known.stages) onOutcome(stage, at >= earliest && at <= latest);
    },
  };
}
