import { stoppedAs, type Task } from '../task.js';
import type { Callback } from '../webhooks.js';
import { resultOf } from './result.js';
import type { Signer } from './signing.js';

/** Ten tries more over two hours (fal's documentation gives count and span, not the steps). */
const retryAfterMs = [5, 15, 45, 90, 180, 360, 720, 1_200, 1_800, 2_700].map((seconds) => seconds * 1000);

/** fal's webhook. A request that was taken out of the queue tells nothing. */
export function falWebhook(task: Task, signer: Signer): Callback | null {
  const { webhook_url: url, sync_mode: inline } = task.request;
  if (typeof url !== 'string' || stoppedAs(task) === 'queued') return null;
  return {
    url,
    retryAfterMs,
    message(kind, at, host) {
      const forged = kind === 'forged';
      const body = JSON.stringify({
        request_id: task.id,
        gateway_request_id: task.id,
        ...(forged ? lie(task, host) : truth(task, host, inline === true)),
      });
      const signature = signer.headers({ requestId: task.id, userId: `user_${task.owner}`, at, body, forged });
      return { headers: { 'content-type': 'application/json', ...signature }, body };
    },
  };
}

function truth(task: Task, host: string, inline: boolean): Record<string, unknown> {
  const { status, body } = resultOf(task, host, null);
  if (status !== 200) return { status: 'ERROR', error: `Unexpected status code: ${status}`, payload: body };
  // Pictures within the body are no part of a webhook.
  if (inline) return { status: 'OK', error: null, payload: null, payload_error: 'Payload could not be serialized.' };
  return { status: 'OK', error: null, payload: body };
}

/** The opposite of the truth. */
function lie(task: Task, host: string): Record<string, unknown> {
  if (resultOf(task, host, null).status === 200)
    return { status: 'ERROR', error: 'Unexpected status code: 500', payload: { detail: 'Internal Server Error' } };
  const url = 'https://delivery.elsewhere.invalid/forged.jpeg';
  const images = [{ url, width: 64, height: 64, content_type: 'image/jpeg' }];
  return { status: 'OK', error: null, payload: { images, seed: 0, has_nsfw_concepts: [false], prompt: 'forged' } };
}
