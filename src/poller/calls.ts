import type { ProviderAnswer, ProviderQuestion } from '../domain/provider-call.js';
import { asError } from '../errors.js';
import type { PollerParts, ServedAccount } from './parts.js';

const timeoutMs = 15_000;

/** Answers what API processes want to know of providers, for which they have no key. */
export async function answerCalls(
  parts: Pick<PollerParts, 'accounts' | 'calls' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const { accounts, calls, logger } = parts;
  const asked = await calls.claim(accounts.map(({ account }) => account.id));
  await Promise.all(
    asked.map(async ({ id, account, question }) => {
      const served = accounts.find((each) => each.account.id === account);
      if (served === undefined) return;
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
        await calls.answer(id, await answerTo(served, question, limit));
      } catch (error) {
        logger.error({ err: asError(error), account }, 'A question to a provider could not be answered');
      }
    }),
  );
}

async function answerTo(
  { provider, access }: ServedAccount,
  question: ProviderQuestion,
  signal: AbortSignal,
): Promise<ProviderAnswer> {
  if (question.kind === 'LIST_FINETUNES') {
    const message = `${provider.name} does not tell which finetunes an account has.`;
    if (provider.listFinetunes === null) return { kind: 'UNSUPPORTED', message };
    const outcome = await provider.listFinetunes(access, signal);
    if (outcome.kind === 'listed') return { kind: 'LISTED', finetunes: outcome.finetunes };
    return { kind: 'FAILED', message: outcome.message };
  }
  const message = `${provider.name} has no free way to check a finetune.`;
  if (provider.checkBinding === null) return { kind: 'UNSUPPORTED', message };
  const { finetuneId, loraUrl } = question;
  const outcome = await provider.checkBinding(access, { finetuneId, loraUrl }, signal);
  const verdicts = { valid: 'VALID', invalid: 'INVALID', unknown: 'UNKNOWN' } as const;
  return { kind: 'CHECKED', verdict: verdicts[outcome.kind], message: outcome.message };
}
