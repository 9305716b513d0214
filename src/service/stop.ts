import { budgetRefusal, isShortfall } from '../domain/budget.js';
import { generationMove } from '../domain/change.js';
import type { Attempt, Generation } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { History, Ledger, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';

export type Canceled = {
  generation: Generation;
  /** Submits that the provider may still be running: they hold their slots until it is done, and what they cost is added. */
  stillRunning: Attempt[];
};

export type StopService = {
  cancel(viewer: Viewer, id: string): Promise<Checked<Canceled>>;
  retry(viewer: Viewer, id: string, confirmDuplicate: boolean): Promise<Checked<Generation>>;
};

/** What a person decides about a generation that is under way. */
export function createStopService(parts: { ledger: Ledger; history: History }): StopService {
  const { ledger, history } = parts;

  async function find(viewer: Viewer, id: string): Promise<Checked<Generation>> {
    const key = keyOf('Generation', id);
    const generation = key === null ? null : await history.generation(viewer.projectId, key);
    if (generation !== null) return accepted(generation);
    return refused(refusal('NOT_FOUND', ['id'], 'There is no such generation in your project.', { given: id }));
  }

  return {
    /** Ends it here, whatever the provider does. Canceling what is canceled already changes nothing and succeeds. */
    async cancel(viewer, id) {
      const found = await find(viewer, id);
      if (!found.ok) return found;
      if (!isTerminal(found.value.status)) {
        await ledger.change({ generationId: found.value.id, attempt: null, generation: generationMove('CANCELED') });
      }
      const now = await find(viewer, id);
      if (!now.ok) return now;
      if (now.value.status !== 'CANCELED') {
        const message = `It has ended already (${now.value.status}); there is nothing to cancel.`;
        return refused(refusal('CONFLICT', ['id'], message, { given: id }));
      }
      const attempts = await history.attempts(viewer.projectId, [now.value.id]);
      const stillRunning = attempts.filter(({ state }) => state === 'SENT' || state === 'ACCEPTED');
      return accepted({ generation: now.value, stillRunning });
    },

    /**
     * Sends a generation again whose submit was never answered. The first task may be running and billed, so a person has
     * to say that paying twice is all right; its slot stays taken.
     */
    async retry(viewer, id, confirmDuplicate) {
      const found = await find(viewer, id);
      if (!found.ok) return found;
      const { status, id: generationId } = found.value;
      if (status !== 'UNCONFIRMED') {
        const message = `Only an UNCONFIRMED generation can be retried; this one is ${status}. Ask for a new one instead.`;
        return refused(refusal('CONFLICT', ['id'], message, { given: id }));
      }
      if (!confirmDuplicate) {
        const message =
          'The first task may be running and billed; confirmDuplicate: true says that paying twice is all right.';
        return refused(refusal('REQUIRED', ['confirmDuplicate'], message, { given: confirmDuplicate }));
      }
      const move = generationMove('QUEUED', { from: ['UNCONFIRMED'] });
      const result = await ledger.changeWithin({ generationId, attempt: null, generation: move }, found.value);
      if (isShortfall(result)) return refused(budgetRefusal(result, ['id'], 'Sending it once more'));
      if (result.generationChanged) return await find(viewer, id);
      return refused(refusal('CONFLICT', ['id'], 'It has just been settled; read it again.', { given: id }));
    },
  };
}
