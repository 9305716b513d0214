import { describe, expect, it } from 'vitest';
import type { WebhookDelivery, WebhookReading } from '../../../src/domain/webhook.js';
import { never, row, startBench, submitsIn } from './bench.js';
import { isNone, type Contract, type WebhookContract } from './contract.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const url = 'https://darkroom.example/webhooks/x/token?of=ours';

export function webhookRows(contract: Contract): void {
  const { webhook } = contract;
  if (isNone(webhook)) {
    row(
      'rows webhook, signature and webhook retries',
      webhook,
      () => undefined,
      () => {
        expect(contract.create({}).readWebhook).toBeNull();
      },
    );
  } else {
    webhooks(contract, webhook);
  }
}

function webhooks(contract: Contract, webhook: WebhookContract): void {
  const { secret, deliver, unsigned, covers, ages } = webhook;

  async function read(...deliveries: Pick<WebhookDelivery, 'headers' | 'body'>[]): Promise<WebhookReading[]> {
    const { provider, home } = await startBench(contract, () => webhook.keys, { unusedMayStay: true });
    const readings: WebhookReading[] = [];
    for (const delivery of deliveries) {
      const reading = await provider.readWebhook?.(webhook.account(home), { ...delivery, secret, receivedAt: now });
      readings.push(reading ?? { ok: false, reason: 'there is no reader' });
    }
    return readings;
  }

  describe('row webhook', () => {
    it('the submit says where to call', async () => {
      const { provider, account, upstream } = await startBench(contract, (home) => [
        ...contract.submit.before,
        ...contract.submit.accepted.plain(home).answers,
      ]);
      await provider.submit(account, { ...contract.request, webhook: { url, secret } }, never);
      const [seen] = submitsIn(contract, upstream);
      expect(seen === undefined ? null : webhook.told(seen)).toBe(url);
    });

    it('what is kept of the request does not tell its address', () => {
      const kept = contract.create({}).describe({ ...contract.request, webhook: { url, secret } });
      expect(JSON.stringify(kept)).not.toContain(url);
      expect(JSON.stringify(kept)).not.toContain(secret);
    });
  });

  describe('rule 3 and row signature', () => {
    it('a true one names its task', async () => {
      expect(await read(deliver({ taskId: 't1', secret, at: now }))).toEqual([{ ok: true, taskId: 't1' }]);
    });

    it('one of another task says so', async () => {
      expect(await read(deliver({ taskId: 't2', secret, at: now }))).toEqual([{ ok: true, taskId: 't2' }]);
    });

    it('one that names no task is refused', async () => {
      expect(await read(deliver({ taskId: '', secret, at: now }))).toMatchObject([{ ok: false }]);
    });

    it('a forged one is refused', async () => {
      expect(await read(deliver({ taskId: 't1', secret: `${secret}x`, at: now }))).toMatchObject([{ ok: false }]);
    });

    row('an altered one is refused', covers === 'body' ? { covers } : covers, async () => {
      const { headers, body } = deliver({ taskId: 't1', secret, at: now });
      const altered = Buffer.from(body.toString('utf8').replace('t1', 't2'));
      expect(await read({ headers, body: altered })).toMatchObject([{ ok: false }]);
    });

    row('one that is too old, or from the future, is refused', ages, async ({ mostMs }) => {
      const at = (ms: number) => deliver({ taskId: 't1', secret, at: now + ms });
      expect(await read(at(-mostMs - 2000), at(mostMs + 2000))).toMatchObject([{ ok: false }, { ok: false }]);
      expect(await read(at(-mostMs + 2000))).toMatchObject([{ ok: true }]);
    });

    it(`one without a signature ${unsigned.passes ? 'passes for a hint' : 'is refused'}`, async () => {
      expect(await read(unsigned.deliver('t1'))).toMatchObject([{ ok: unsigned.passes }]);
    });
  });

  it('row webhook retries: the same again reads the same', async () => {
    const once = deliver({ taskId: 't1', secret, at: now });
    expect(await read(once, once, once)).toEqual(Array.from({ length: 3 }, () => ({ ok: true, taskId: 't1' })));
  });
}
