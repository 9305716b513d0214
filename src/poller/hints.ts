import { attemptMove, generationMove } from '../domain/change.js';
import type { AttemptRef, Hint } from '../domain/ports.js';
import type { HintDesk, PollerParts } from './parts.js';

export function createHintDesk(parts: Pick<PollerParts, 'hints' | 'change' | 'logger'>): HintDesk {
  const { hints, change, logger } = parts;
  const wakers = new Map<string, () => void>();
  /** Came for an attempt that nobody watches yet. */
  const early = new Set<string>();
  const nameOf = ({ generationId, n }: AttemptRef): string => `${generationId} ${n}`;

  /** The only trace of a submit that was never answered: now it has a task, and can be watched. */
  async function settle(hint: Hint, instanceId: string): Promise<void> {
    const { generationId, n, taskId } = hint;
    const { attemptChanged } = await change({
      generationId,
      attempt: attemptMove(n, instanceId, 'ACCEPTED', { from: ['SENT'], taskId }),
      generation: generationMove('RUNNING', { from: ['UNCONFIRMED'] }),
    });
    if (attemptChanged)
      logger.info({ generation: generationId, attempt: n, taskId }, 'A webhook settled a lost answer');
  }

  return {
    listen(ref, wake) {
      const name = nameOf(ref);
      wakers.set(name, wake);
      if (early.delete(name)) wake();
      return () => {
        if (wakers.get(name) === wake) wakers.delete(name);
      };
    },
    async collect(instanceId, adopt) {
      const due = await hints.due(instanceId);
      if (due.length === 0) return;
      for (const hint of due) {
        if (hint.state === 'SENT') await settle(hint, instanceId);
        if (hint.state !== 'SENT' && hint.state !== 'ACCEPTED') continue;
        const wake = wakers.get(nameOf(hint));
        if (wake === undefined) early.add(nameOf(hint));
        else wake();
        adopt(hint);
      }
      await hints.forget(due);
    },
  };
}
