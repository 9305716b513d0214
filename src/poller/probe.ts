import { priceAt } from '../domain/price.js';
import { asError } from '../errors.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** A probe is given up after so long. */
const probeTimeoutMs = 20_000;

/**
 * Asks paused accounts, by a call that costs nothing, whether they are mended, and resumes those that are. Each probe is
 * claimed first, so that one process makes it however many there are.
 */
export async function probeAccounts(
  parts: Pick<PollerParts, 'accounts' | 'models' | 'pauses' | 'settings' | 'logger'>,
  signal: AbortSignal,
): Promise<{ resumed: boolean }> {
  const { accounts, pauses, settings, logger } = parts;
  const ids = accounts.map(({ account }) => account.id);
  let resumed = false;
  for (const { account: id, code } of await pauses.claimProbes(ids, settings.firstProbeMs)) {
    const served = accounts.find(({ account }) => account.id === id);
    if (served === undefined) continue;
    try {
      const models = [...parts.models.values()].filter(({ provider }) => provider === served.provider.name);
      const prices = models.map((model) => priceAt(model.prices, new Date()) ?? 0);
      const verdict = await examine(served, code, prices, signal);
      if (verdict === null) {
        resumed = (await pauses.resume(id, { probed: true })) || resumed;
        logger.info({ account: id }, 'The provider account is mended; submitting again');
      } else {
        await pauses.note(id, verdict);
        logger.warn({ account: id, reason: verdict }, 'The provider account is still not usable');
      }
    } catch (error) {
      logger.error({ err: asError(error), account: id }, 'An account could not be probed; again later');
    }
  }
  return { resumed };
}

/** Null when the account is mended; otherwise why not. */
async function examine(
  { access, provider }: ServedAccount,
  code: string,
  prices: readonly number[],
  signal: AbortSignal,
): Promise<string | null> {
  const outcome = await provider.probe(access, AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]));
  if (outcome.kind !== 'well') return outcome.message;
  if (code !== 'PROVIDER_OUT_OF_CREDITS' || outcome.creditMicros === null) return null;
  // Less than the dearest picture costs would only be refused again.
  const needed = Math.max(0, ...prices);
  if (outcome.creditMicros >= needed) return null;
  const dollars = (micros: number): string => (micros / 1_000_000).toFixed(2);
  return `The provider account is out of credits: USD ${dollars(outcome.creditMicros)} is left, a picture costs up to USD ${dollars(needed)}.`;
}
