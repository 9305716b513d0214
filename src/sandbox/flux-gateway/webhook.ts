import { endOf, resultOf } from '../bfl/status.js';
import type { Task } from '../task.js';
import type { Callback } from '../webhooks.js';

/**
 * The gateway's webhook: its page says no more than that the secret is within the payload, so that is what is done, under
 * the name it came with.
 */
export function gatewayWebhook(task: Task): Callback | null {
  const { webhook_url: url, webhook_secret: secret } = task.request;
  if (typeof url !== 'string') return null;
  return {
    url,
    message(kind, _at, host) {
      const forged = kind === 'forged';
      const truth = endOf(task);
      const status = forged ? (truth === 'Ready' ? 'Error' : 'Ready') : truth;
      const sample = 'https://delivery.elsewhere.invalid/forged.jpeg';
      const made = forged ? { sample } : resultOf(task, task.finishedAt ?? task.startedAt, host);
      const result = status === 'Ready' ? made : { message: 'Asked for by the prompt' };
      const shown = typeof secret !== 'string' ? {} : { webhook_secret: forged ? `not ${secret}` : secret };
      const body = JSON.stringify({ id: task.id, status, result, ...shown });
      return { headers: { 'content-type': 'application/json' }, body };
    },
  };
}
