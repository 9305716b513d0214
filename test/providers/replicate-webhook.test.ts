import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { readWebhook } from '../../src/providers/replicate/webhook.js';

const at = Date.parse('2026-03-01T12:00:00Z');
const secret = `whsec_${Buffer.from('what Replicate signs with').toString('base64')}`;
const content = JSON.stringify({ id: 't1', status: 'succeeded', output: ['https://x.invalid/ü'] });

/** Signed by the reference implementation of Standard Webhooks. */
function signed(text = content, key = secret): Record<string, string> {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(at / 1000),
    'webhook-signature': new Webhook(key).sign('msg_1', new Date(at), text),
  };
}

function read(
  headers: Record<string, string | string[] | undefined>,
  text = content,
  webhookSecret: string | null = secret,
) {
  return readWebhook({ webhookSecret }, { headers, body: Buffer.from(text), secret: 'unused', receivedAt: at });
}

const wrong = { ok: false, reason: 'the signature is wrong' };

describe('a signature', () => {
  it('is true', () => {
    expect(read(signed())).toEqual({ ok: true, taskId: 't1' });
  });

  it('may be one of several, of several versions', () => {
    const headers = signed();
    const several = `v1a,${'A'.repeat(86)}== v1,AAAA ${headers['webhook-signature']} v2,x`;
    expect(read({ ...headers, 'webhook-signature': several })).toEqual({ ok: true, taskId: 't1' });
  });

  it.each(['', 'v1', 'v1,', 'v1,AAAA', 'nonsense', `v2,${signed()['webhook-signature']?.slice(3)}`])(
    '%j is wrong',
    (value) => {
      expect(read({ ...signed(), 'webhook-signature': value })).toEqual(wrong);
    },
  );

  it('covers id, time and body, under this secret alone', () => {
    expect(read({ ...signed(), 'webhook-id': 'msg_2' })).toEqual(wrong);
    expect(read({ ...signed(), 'webhook-timestamp': String(at / 1000 + 1) })).toEqual(wrong);
    expect(read(signed(), content.replace('t1', 't2'))).toEqual(wrong);
    expect(read(signed(content, `whsec_${Buffer.from('other').toString('base64')}`))).toEqual(wrong);
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('is none without %s', (name) => {
    expect(read({ ...signed(), [name]: undefined })).toEqual({ ok: false, reason: 'it is not signed' });
  });

  it.each([null, '', 'whsec_', 'secret', 'whsec_$$$', Buffer.from('x').toString('base64')])(
    'cannot be checked with the secret %j',
    (webhookSecret) => {
      expect(read(signed(), content, webhookSecret)).toMatchObject({
        ok: false,
        reason: expect.stringContaining('whsec_'),
      });
    },
  );

  it('may be checked with a secret that came with its line end', () => {
    expect(read(signed(), content, `${secret}\n`)).toEqual({ ok: true, taskId: 't1' });
  });
});

describe('a time', () => {
  it.each(['soon', '', '-1', '1.7e9', String(at / 1000 - 301), String(at / 1000 + 301)])(
    '%j is refused',
    (timestamp) => {
      const headers = { ...signed(), 'webhook-timestamp': timestamp };
      expect(read(headers)).toEqual({ ok: false, reason: 'its time is too far from ours' });
    },
  );
});

it.each(['', '[]', '{"status":"succeeded"}', '{"id":7}', '{"id":"a\\u0000b"}'])(
  'a body that names nothing: %s',
  (text) => {
    expect(read(signed(text), text)).toEqual({ ok: false, reason: 'the body names no prediction' });
  },
);
