import { attemptMove, generationMove } from '../domain/change.js';
import { attemptKey, attemptUuid } from '../domain/ids.js';
import type { AttemptRef } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** So many at once; the rest waits for the next round. */
const askedAtOnce = 100;
const timeoutMs = 20_000;
/** What the network still held when it was first not found has arrived after this. */
const absentForMs = 5_000;

/** Asks what became of submits whose answers were lost, where the provider can tell by the key that they were sent with. */
export type Finds = {
  /** `adopt` takes one in hand that was found. */
  run(instanceId: string, signal: AbortSignal, adopt: (ref: AttemptRef) => void): Promise<void>;
};

export function createFinds(parts: Pick<PollerParts, 'accounts' | 'worklist' | 'change' | 'logger'>): Finds {
  const { worklist, change, logger } = parts;
  const able = new Map(
    parts.accounts.flatMap((served) => (served.provider.find === null ? [] : [[served.account.id, served]])),
  );
  /** When each was first not found, by `performance.now()`. */
  const absentSince = new Map<string, number>();

  async function ask(
    served: ServedAccount,
    ref: AttemptRef,
    instanceId: string,
    signal: AbortSignal,
  ): Promise<'found' | 'open'> {
    const { find } = served.provider;
    if (find === null) return 'open';
    const { generationId, n } = ref;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const outcome = await find(served.access, attemptUuid(ref), limit);
    const key = attemptKey(ref);
    if (outcome.kind !== 'absent') absentSince.delete(key);
    if (outcome.kind === 'unavailable') return 'open';
    if (outcome.kind === 'found') {
      const { attemptChanged } = await change({
        generationId,
        attempt: attemptMove(n, instanceId, 'ACCEPTED', { from: ['SENT'], ...outcome.task }),
        generation: generationMove('RUNNING', { from: ['UNCONFIRMED'] }),
      });
      if (attemptChanged)
        logger.info({ generation: generationId, attempt: n }, 'A lost answer was found at the provider');
      return attemptChanged ? 'found' : 'open';
    }
    const since = absentSince.get(key) ?? performance.now();
    absentSince.set(key, since);
    if (performance.now() - since < absentForMs) return 'open';
    await change({
      generationId,
      attempt: attemptMove(n, instanceId, 'REFUSED', { from: ['SENT'], errorCode: 'NEVER_SENT' }),
      generation: generationMove('QUEUED', { from: ['UNCONFIRMED'], errorCode: 'NEVER_SENT' }),
    });
    logger.info({ generation: generationId, attempt: n }, 'The provider never got a submit; it is queued again');
    return 'open';
  }

  return {
    async run(instanceId, signal, adopt) {
      if (able.size === 0) return;
      const open = await worklist.unconfirmed(instanceId, [...able.keys()], askedAtOnce);
      const keys = new Set(open.map(attemptKey));
      for (const key of absentSince.keys()) if (!keys.has(key)) absentSince.delete(key);
      const tries = await Promise.allSettled(
        open.map(async ({ account, ...ref }) => {
          const served = able.get(account);
          if (served !== undefined && (await ask(served, ref, instanceId, signal)) === 'found') adopt(ref);
        }),
      );
      for (const each of tries) {
        if (each.status === 'rejected')
          logger.error({ err: asError(each.reason) }, 'Asking for a submit failed; again');
      }
    },
  };
}
