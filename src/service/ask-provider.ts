import { newId } from '../domain/ids.js';
import type { Viewer } from '../domain/ports.js';
import type { ProviderCalls } from '../domain/provider-call.js';
import type { ProviderAnswer, ProviderQuestion } from '../domain/provider-call.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { sleep } from '../time.js';

/** Whoever asks waits so long for a process that polls. */
const patienceMs = 20_000;
const firstPauseMs = 25;
const longestPauseMs = 250;

/** Asks a provider by way of a process that has the account's key. Refusals name `path`. */
export type AskProvider = (
  viewer: Viewer,
  account: string,
  question: ProviderQuestion,
  path: readonly string[],
) => Promise<Checked<ProviderAnswer>>;

export function createAskProvider(calls: Pick<ProviderCalls, 'ask' | 'answerOf'>): AskProvider {
  return async (viewer, account, question, path) => {
    const id = newId();
    if (!(await calls.ask({ id, projectId: viewer.projectId, account, question }))) {
      const message = 'Your project has asked this provider several things already; wait for their answers.';
      return refused(refusal('CONFLICT', path, message, { retryable: true }));
    }
    const until = performance.now() + patienceMs;
    for (let pauseMs = firstPauseMs; performance.now() < until; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const answer = await calls.answerOf(id);
      if (answer !== null) return accepted(answer);
      await sleep(pauseMs);
    }
    const message = 'No process that talks to this provider has answered; is one running?';
    return refused(refusal('PROVIDER_UNAVAILABLE', path, message, { retryable: true }));
  };
}
