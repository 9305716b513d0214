import { endpointUrl, homeUrl } from '../hosts.js';
import type { ProviderAccount, TaskHandle } from '../provider.js';

/**
 * fal's own queue, and where the public keys of its webhooks are. Elsewhere (the sandbox, a proxy) the keys are looked for
 * below the account's own address.
 */
export const queueUrl = 'https://queue.fal.run';
const publicKeysUrl = 'https://rest.alpha.fal.ai/.well-known/jwks.json';
const ownHost = /(^|\.)fal\.(run|ai)$/;

type Base = Pick<ProviderAccount, 'baseUrl'>;

/** Where a model is asked for; the webhook's address goes in its query. */
export function submitUrl({ baseUrl }: Base, endpoint: string, webhookUrl: string | null): URL | null {
  const url = endpointUrl({ baseUrl, hosts: [] }, `/${endpoint.split('/').map(encodeURIComponent).join('/')}`);
  if (webhookUrl !== null) url?.searchParams.set('fal_webhook', webhookUrl);
  return url;
}

export type TaskAddress = 'status' | 'result' | 'cancel';
const ends = { status: '/status', result: '', cancel: '/cancel' } as const satisfies Record<TaskAddress, string>;

/** An address of a task by the contract: of the model's name only owner and alias stand in it (fal documentation, 2026). */
export function taskUrl({ baseUrl }: Base, endpoint: string, taskId: string, which: TaskAddress): URL | null {
  const [owner = '', alias = ''] = endpoint.split('/');
  if (owner === '' || alias === '') return null;
  const app = [owner, alias].map(encodeURIComponent).join('/');
  return endpointUrl({ baseUrl, hosts: [] }, `/${app}/requests/${encodeURIComponent(taskId)}${ends[which]}`);
}

/**
 * Where to ask about a task: as fal gave it when that is the account's own host, since the key goes along; otherwise built
 * from the model's name.
 */
export function addressOf(account: Base, task: TaskHandle, which: TaskAddress): URL | null {
  const given = { status: task.pollingUrl, result: task.resultUrl, cancel: task.cancelUrl }[which];
  const own = given === null ? null : homeUrl({ ...account, hosts: [] }, given);
  if (own !== null || task.endpoint === undefined) return own;
  return taskUrl(account, task.endpoint, task.taskId, which);
}

/** Where the public keys are that webhooks to this account are signed with; null for a base URL that is none. */
export function keysUrl({ baseUrl }: Base): URL | null {
  const base = endpointUrl({ baseUrl, hosts: [] }, '');
  if (base === null) return null;
  return ownHost.test(base.hostname)
    ? new URL(publicKeysUrl)
    : endpointUrl({ baseUrl, hosts: [] }, '/.well-known/jwks.json');
}
