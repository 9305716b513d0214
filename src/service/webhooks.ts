import type { AttemptRef, Hints } from '../domain/ports.js';
import type { Metrics } from '../metrics.js';
import {
  isWebhookToken,
  readWebhookToken,
  webhookSecret,
  type WebhookDelivery,
  type WebhookReader,
} from '../domain/webhook.js';

/** A webhook at its address. */
export type Delivery = Omit<WebhookDelivery, 'secret' | 'receivedAt'> & {
  provider: string;
  /** The last part of the address. */
  token: string;
};

export type ReceiveOutcome =
  /** A look will confirm it, or it changes nothing: the sender need not know which. */
  | { kind: 'taken'; ref: AttemptRef; late: boolean }
  /** Nobody asked for a webhook at this address. */
  | { kind: 'unknown' }
  | { kind: 'forged'; ref: AttemptRef; reason: string };

export type ReceiveWebhook = (delivery: Delivery) => Promise<ReceiveOutcome>;

/**
 * Takes a webhook in: a hint, kept once however often it comes, for the process that looks after the attempt. What it says
 * of the outcome is not believed; the provider is asked.
 */
export function createReceiveWebhook(parts: {
  hints: Pick<Hints, 'find' | 'keep'>;
  /** By account. */
  readers: ReadonlyMap<string, { provider: string; read: (delivery: WebhookDelivery) => ReturnType<WebhookReader> }>;
  metrics: Pick<Metrics, 'webhook'>;
}): ReceiveWebhook {
  const { hints, readers, metrics } = parts;
  const providers = new Set([...readers.values()].map(({ provider }) => provider));

  async function receive({ provider, token, headers, body }: Delivery): Promise<ReceiveOutcome> {
    const claim = readWebhookToken(token);
    if (claim === null) return { kind: 'unknown' };
    const known = await hints.find(claim);
    if (known === null || known.provider !== provider || !isWebhookToken(known.key, claim)) return { kind: 'unknown' };
    const ref = { generationId: claim.generationId, n: claim.n };
    const reader = readers.get(known.account);
    if (reader === undefined) return { kind: 'unknown' };
    const reading = await reader.read({ headers, body, secret: webhookSecret(known.key), receivedAt: Date.now() });
    if (!reading.ok) return { kind: 'forged', ref, reason: reading.reason };
    if (known.taskId !== null && known.taskId !== reading.taskId) {
      return { kind: 'forged', ref, reason: 'it names another task' };
    }
    const late = known.state === 'LOST' || known.state === 'REFUSED';
    if (!late) await hints.keep(ref, reading.taskId);
    return { kind: 'taken', ref, late };
  }

  return async (delivery) => {
    const outcome = await receive(delivery);
    // A name that no provider has is anybody's choice, and must not fill the metrics.
    metrics.webhook({
      provider: providers.has(delivery.provider) ? delivery.provider : 'unknown',
      outcome: outcome.kind,
    });
    return outcome;
  };
}
