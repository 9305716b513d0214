import { attemptMove, generationMove } from '../domain/change.js';
import type { PollerParts } from './parts.js';

/** So many at once; the rest waits for the next sweep. */
const sweptAtOnce = 500;

/** Ends what ran out of time. Any poller may do it for all: each change is guarded. */
export async function sweep(parts: PollerParts): Promise<void> {
  const { accounts, worklist, change, settings } = parts;
  for (const { generationId, n } of await worklist.unanswered(settings.unconfirmedMs, sweptAtOnce)) {
    const errorMessage = 'The answer to the submit never came; the task may have run and been billed.';
    await change({
      generationId,
      attempt: attemptMove(n, null, 'LOST', { from: ['SENT'], errorCode: 'SUBMIT_UNCONFIRMED', errorMessage }),
      generation: generationMove('FAILED', {
        from: ['UNCONFIRMED', 'SUBMITTING'],
        errorCode: 'SUBMIT_UNCONFIRMED',
        errorMessage,
      }),
    });
  }
  for (const { generationId, account, sent } of await worklist.overdue(sweptAtOnce)) {
    const stoppable = accounts.some((served) => served.account.id === account && served.provider.cancel !== null);
    const rest = stoppable
      ? '; the provider is asked to stop what runs there, and what it cost is added'
      : '; what runs at the provider cannot be stopped, and its cost will be added';
    const errorMessage = `It did not finish before its deadline${sent ? rest : ''}.`;
    await change({
      generationId,
      attempt: null,
      generation: generationMove('FAILED', { errorCode: 'DEADLINE_EXCEEDED', errorMessage }),
    });
  }
}
