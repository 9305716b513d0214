import { tidy } from '../answer.js';
import { endpointUrl } from '../hosts.js';
import type { FindOutcome, ProviderAccount, TaskHandle } from '../provider.js';
import type { Asker } from './ask.js';
import { outputQuery } from './graph.js';
import type { KnownServer } from './known.js';
import { searchByKey, sightTask } from './sight.js';

/** A task's handle. The picture's address is known beforehand: it is where SaveImage will put it. */
export function handleOf(account: ProviderAccount, taskId: string, key: string): TaskHandle {
  const address = (path: string) => endpointUrl(account, path)?.href ?? null;
  return {
    taskId,
    pollingUrl: address(`/history/${encodeURIComponent(taskId)}`),
    resultUrl: address(`/view${outputQuery(key)}`),
    cancelUrl: null,
  };
}

/**
 * What became of a submit whose answer was lost. That it never arrived is believed only
 * - of a server that is known to file our tasks under the ids that we choose; another one has it under an id of its own;
 * - when it is nowhere, and its picture is not there either: a server that was restarted has forgotten what it made.
 * Together they mean that nothing of it exists. That it is not still on its way is seen by asking again: whoever asks does.
 */
export async function findTask(
  parts: { asker: Asker; known: KnownServer },
  account: ProviderAccount,
  key: string,
): Promise<FindOutcome> {
  const { asker, known } = parts;
  const found = (id: string): FindOutcome => ({ kind: 'found', task: handleOf(account, id, key) });
  const unavailable = (message: string): FindOutcome => ({
    kind: 'unavailable',
    message: tidy(message, account.apiKey),
  });

  const sighting = await sightTask(asker, known, key);
  if (sighting.kind === 'unavailable') return unavailable(sighting.message);
  if (sighting.kind !== 'nowhere') return found(key);
  const ours = known.takesOurIds();
  if (!ours) {
    const search = await searchByKey(asker, key);
    if (search.kind === 'unavailable') return unavailable(search.message);
    if (search.id !== null) return found(search.id);
  }
  const made = await asker.exists(`/view${outputQuery(key)}`);
  if (made === null) return unavailable('the server does not say whether it has the picture');
  if (made) return found(key);
  if (!ours) return unavailable('this server gives tasks ids of its own, so it may have it under another one');
  return { kind: 'absent' };
}
