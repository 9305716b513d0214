import { z } from 'zod';
import type { WebhookAccount, WebhookDelivery, WebhookReading } from '../../domain/webhook.js';
import { readObject } from '../answer.js';
import { taskIdText } from '../task-id.js';
import { keysUrl } from './address.js';
import type { KeyRing } from './keys.js';
import { isSigned, openSeal } from './signature.js';

/** `gateway_request_id` is that of the last try; the queue goes by `request_id` (fal documentation, 2026). */
const shape = z.object({ request_id: taskIdText });

/** Checks a delivery against fal's public keys, which may have to be fetched first, and reads which request it is about. */
export async function readWebhook(
  ring: KeyRing,
  account: Pick<WebhookAccount, 'baseUrl'>,
  delivery: WebhookDelivery,
): Promise<WebhookReading> {
  const sealed = openSeal(delivery);
  if (!sealed.ok) return sealed;
  const url = keysUrl(account);
  if (url === null) return { ok: false, reason: "the account's base URL is no http address" };
  const { receivedAt } = delivery;
  const signed =
    isSigned(await ring.at(url, receivedAt), sealed) ||
    // Keys change: perhaps this one is newer than those we have.
    isSigned((await ring.newer(url, receivedAt)) ?? [], sealed);
  if (!signed) return { ok: false, reason: 'the signature is wrong' };
  const answer = shape.safeParse(readObject({ kind: 'whole', bytes: delivery.body }));
  return answer.success
    ? { ok: true, taskId: answer.data.request_id }
    : { ok: false, reason: 'the body names no request' };
}
