import { attemptMove, generationMove } from '../domain/change.js';
import { attemptKey } from '../domain/ids.js';
import type { Hint } from '../domain/ports.js';
import { createWebhookTrust, type WebhookTrust } from '../domain/webhook-trust.js';
import type { HintDesk, PollerParts } from './parts.js';

/** A webhook that comes so long after its task was seen to be over is in time. */
const inTimeMs = 5_000;

export function createHintDesk(parts: Pick<PollerParts, 'hints' | 'change' | 'logger'>): HintDesk {
  const { hints, change, logger } = parts;
  const wakers = new Map<string, () => void>();
  /** Came for an attempt that nobody watches yet. */
  const early = new Set<string>();
  /** Over, and their webhooks did not come yet. */
  const expected = new Map<string, { account: string; until: number }>();
  /** Came while their attempts were still watched. */
  const arrived = new Set<string>();
  /** Watched here, and asked to stop meanwhile. */
  const stopAsked = new Set<string>();
  const trusts = new Map<string, WebhookTrust>();

  function trustOf(account: string): WebhookTrust {
    const trust = trusts.get(account) ?? createWebhookTrust();
    trusts.set(account, trust);
    return trust;
  }

  function missExpected(): void {
    const now = performance.now();
    for (const [name, { account, until }] of expected) {
      // In the order of their times.
      if (until > now) return;
      expected.delete(name);
      trustOf(account).record(false);
    }
  }

  function arrive(hint: Hint): void {
    const name = attemptKey(hint);
    const waited = expected.get(name);
    if (waited !== undefined) {
      expected.delete(name);
      trustOf(waited.account).record(true);
    } else if (hint.state === 'ACCEPTED' || hint.state === 'SENT') {
      arrived.add(name);
    }
  }

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
      const name = attemptKey(ref);
      wakers.set(name, wake);
      if (early.delete(name)) wake();
      return () => {
        if (wakers.get(name) === wake) wakers.delete(name);
        early.delete(name);
        arrived.delete(name);
        stopAsked.delete(name);
      };
    },
    noteStopAsked(ref) {
      const wake = wakers.get(attemptKey(ref));
      if (wake === undefined) return;
      stopAsked.add(attemptKey(ref));
      wake();
    },
    wasStopAsked: (ref) => stopAsked.has(attemptKey(ref)),
    trustOf,
    expect(ref, account) {
      const name = attemptKey(ref);
      if (arrived.delete(name)) trustOf(account).record(true);
      else expected.set(name, { account, until: performance.now() + inTimeMs });
    },
    async collect(instanceId, adopt) {
      const due = await hints.due(instanceId);
      for (const hint of due) arrive(hint);
      missExpected();
      if (due.length === 0) return;
      for (const hint of due) {
        if (hint.state === 'SENT') await settle(hint, instanceId);
        if (hint.state !== 'SENT' && hint.state !== 'ACCEPTED') continue;
        const wake = wakers.get(attemptKey(hint));
        if (wake === undefined) early.add(attemptKey(hint));
        else wake();
        adopt(hint);
      }
      await hints.forget(due);
    },
  };
}
