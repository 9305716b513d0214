import { mostMicros } from '../domain/budget.js';
import type { Attempt } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import type { Ledger, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { DarkroomError } from '../errors.js';

export type SettleAttempt = (
  viewer: Viewer,
  request: { generationId: string; attempt: number; costMicros: number },
) => Promise<Checked<Attempt>>;

/** Writes what a submit cost where its provider never says, or nobody knew whether it was taken. For operators, in any project. */
export function createSettleAttempt({ ledger }: { ledger: Pick<Ledger, 'settle'> }): SettleAttempt {
  return async (viewer, { generationId, attempt: n, costMicros }) => {
    if (!viewer.operator)
      throw new DarkroomError('FORBIDDEN', "Only an operator's key may settle what something cost.");
    if (costMicros < 0 || costMicros > mostMicros) {
      const message = `costMicros must be from 0 to ${mostMicros} micro-USD; ${costMicros} was given.`;
      const bounds = { minimum: 0, maximum: mostMicros, given: costMicros };
      return refused(refusal('OUT_OF_RANGE', ['costMicros'], message, bounds));
    }
    const key = keyOf('Generation', generationId);
    const settled = key === null || n < 1 ? 'missing' : await ledger.settle({ generationId: key, n }, costMicros);
    if (settled === 'missing') {
      const message = 'There is no such attempt of a generation here.';
      return refused(refusal('NOT_FOUND', ['generationId'], message, { given: `${generationId} ${n}` }));
    }
    if (settled === 'open') {
      const message = 'The provider is not done with it, or never took it; what it costs is not settled by hand.';
      return refused(refusal('CONFLICT', ['attempt'], message, { given: n }));
    }
    return accepted(settled);
  };
}
