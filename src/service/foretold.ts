import type { Generation, GenerationEvent } from '../domain/generation.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { Waiting } from '../domain/waiting.js';

/** Intervals waited for at once, at most. */
const rememberedAtMost = 10_000;

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
export function createForetold(onOutcome: (stage: Stage, hit: boolean) => void): Foretold {
  const told = new Map<string, Map<Stage, NonNullable<Waiting['eta']>>>();
  return {
    tell({ id, status }, eta) {
      const stage: Stage = status === 'QUEUED' ? 'queued' : 'running';
      const stages = told.get(id) ?? new Map<Stage, NonNullable<Waiting['eta']>>();
      if (stages.has(stage) || (stages.size === 0 && told.size >= rememberedAtMost)) return;
      told.set(id, stages.set(stage, eta));
    },
    waiting: () => told.size,
    see({ generationId, status, at }) {
      if (!isTerminal(status)) return;
      const stages = told.get(generationId);
      if (stages === undefined) return;
      told.delete(generationId);
      // Whoever cancels, or is moderated early, was not foretold anything.
      if (status !== 'SUCCEEDED') return;
      for (const [stage, { earliest, latest }] of stages) onOutcome(stage, at >= earliest && at <= latest);
    },
  };
}
