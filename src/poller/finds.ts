import { attemptMove, generationMove } from '../domain/change.js';
import { attemptKey, attemptUuid } from '../domain/ids.js';
import type { AttemptRef, Worklist } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Provider } from '../providers/provider.js';
import { backoffMs } from './backoff.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** So many at once; the rest waits for the next round. */
const askedAtOnce = 100;
const timeoutMs = 20_000;
/** What the network still held when it was first not found has arrived after this. */
const absentForMs = 5_000;
/** So often is a request sent that never arrives. */
const submitsAtMost = 5;

/** Asks what became of submits whose answers were lost, where the provider can tell by the key that they were sent with. */
export type Finds = {
  /** `adopt` takes one in hand that was found. */
  run(instanceId: string, signal: AbortSignal, adopt: (ref: AttemptRef) => void): Promise<void>;
};

type FindAccount = Pick<ServedAccount, 'account' | 'access'> & { provider: Pick<Provider, 'find'> };

export function createFinds(parts: {
  accounts: readonly FindAccount[];
  worklist: Pick<Worklist, 'unconfirmed' | 'refusals'>;
  change: PollerParts['change'];
  logger: Logger;
}): Finds {
  const { worklist, change, logger } = parts;
  const able = new Map(
    parts.accounts.flatMap((served) => (served.provider.find === null ? [] : [[served.account.id, served]])),
  );
  /** When each was first not found, by `performance.now()`. */
  const absentSince = new Map<string, number>();

  async function ask(
    served: FindAccount,
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
    // A request that the provider answers with a fault each time would keep the whole account from being well.
    const last = (await worklist.refusals(ref, 'NEVER_ARRIVED')) + 1 >= submitsAtMost;
    const why = { from: ['UNCONFIRMED'], errorCode: 'NEVER_ARRIVED' } as const;
    const retryAfterMs = backoffMs({ failures: n, baseMs: 1_000, capMs: 60_000 });
    await change({
      generationId,
      attempt: attemptMove(n, instanceId, 'REFUSED', { from: ['SENT'], errorCode: 'NEVER_ARRIVED' }),
      generation: last ? generationMove('FAILED', why) : generationMove('QUEUED', { ...why, retryAfterMs }),
    });
    logger.info({ generation: generationId, attempt: n, last }, 'The provider never got a submit');
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
