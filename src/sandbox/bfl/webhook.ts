import { createHmac } from 'node:crypto';
import { endOf, resultOf } from './status.js';
import type { Task } from '../task.js';
import type { Callback, WebhookKind } from '../webhooks.js';

/**
 * BFL's webhook as its agent guide of February 2026 describes it, the only official source. The form of `timestamp` and
 * the words of `error` and `message` are assumed.
 */
export function bflWebhook(task: Task): Callback | null {
  const { webhook_url: url, webhook_secret: secret } = task.request;
  if (typeof url !== 'string') return null;
  return {
    url,
    message(kind, at, host) {
      const body = JSON.stringify({
        id: task.id,
        ...(kind === 'forged' ? forged(task) : told(task, host)),
        timestamp: new Date(at).toISOString(),
      });
      return { headers: { 'content-type': 'application/json', ...signature(kind, secret, body) }, body };
    },
  };
}

function signature(kind: WebhookKind, secret: unknown, body: string): Record<string, string> {
  if (typeof secret !== 'string') return {};
  const key = kind === 'forged' ? `not ${secret}` : secret;
  return { 'X-BFL-Signature': `sha256=${createHmac('sha256', key).update(body, 'utf8').digest('hex')}` };
}

function told(task: Task, host: string): Record<string, unknown> {
  const status = endOf(task);
  if (status === 'Ready') return { status, result: resultOf(task, task.finishedAt ?? task.startedAt, host) };
  return { status, ...failure(status) };
}

function failure(status: string): { error: string; message: string } {
  return { error: status.toLowerCase().replaceAll(' ', '_'), message: 'Asked for by the prompt' };
}

/** The opposite of the truth. */
function forged(task: Task): Record<string, unknown> {
  if (endOf(task) === 'Ready') return { status: 'Error', ...failure('Error') };
  const sample = 'https://delivery.elsewhere.invalid/forged.jpeg';
  return { status: 'Ready', result: { sample, prompt: 'forged', seed: 0 } };
}
