import { endpointUrl, homeUrl } from '../hosts.js';
import type { ProviderAccount, TaskHandle } from '../provider.js';

type Base = Pick<ProviderAccount, 'baseUrl'>;

/** An address of the API; a base URL may end with `/v1` or leave it out, as Replicate's documentation does both. */
export function apiUrl({ baseUrl }: Base, path: string): URL | null {
  return endpointUrl({ baseUrl: baseUrl.replace(/\/v1\/*$/, ''), hosts: [] }, `/v1${path}`);
}

/**
 * Where to ask about a prediction: as Replicate gave it when that is the account's own host, since the token goes along;
 * otherwise built from its id.
 */
export function predictionUrl(account: Base, task: TaskHandle, which: 'get' | 'cancel'): URL | null {
  const given = which === 'get' ? task.pollingUrl : task.cancelUrl;
  const own = given === null ? null : homeUrl({ ...account, hosts: [] }, given);
  const path = `/predictions/${encodeURIComponent(task.taskId)}`;
  return own ?? apiUrl(account, which === 'get' ? path : `${path}/cancel`);
}
