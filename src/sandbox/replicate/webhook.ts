import { createHash, createHmac } from 'node:crypto';
import type { Task } from '../task.js';
import type { Callback } from '../webhooks.js';
import { endOf, predictionOf } from './prediction.js';

/** The account's signing secret, which follows from the sandbox's seed, so that a restart does not change it. */
export function webhookSecret(seed: string, owner: string): string {
  const secret = createHash('sha256').update(['replicate', seed, owner].join('\u0000')).digest();
  return `whsec_${secret.toString('base64')}`;
}

/**
 * Replicate's webhook: the prediction object, signed as Standard Webhooks has it. Only `start` and `completed` are sent; of
 * `output` and `logs` these images have nothing to tell in between.
 */
export function replicateWebhook(task: Task, seed: string): Callback | null {
  const { webhook_url: to, webhook_events: events } = task.request;
  if (typeof to !== 'string') return null;
  return {
    url: to,
    start: typeof events !== 'string' || events.split(' ').includes('start'),
    message(kind, at, host) {
      const forged = kind === 'forged';
      const end = task.finishedAt ?? at;
      const shown = predictionOf(task, kind === 'start' ? Math.max(at, task.startedAt) : Math.max(at, end), host);
      const body = JSON.stringify(forged ? { ...shown, ...lie(task) } : shown);
      const id = `msg_${task.id}_${kind === 'start' ? 'start' : 'completed'}`;
      const timestamp = String(Math.floor(at / 1000));
      const secret = webhookSecret(forged ? `not ${seed}` : seed, task.owner).slice('whsec_'.length);
      const signed = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${id}.${timestamp}.${body}`);
      return {
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signed.digest('base64')}`,
        },
        body,
      };
    },
  };
}

/** The opposite of the truth. */
function lie(task: Task): Record<string, unknown> {
  if (endOf(task).status === 'succeeded') return { status: 'failed', error: 'forged', output: null };
  return { status: 'succeeded', error: null, output: 'https://delivery.elsewhere.invalid/forged.jpeg' };
}
