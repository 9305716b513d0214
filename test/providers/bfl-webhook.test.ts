import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { readWebhook } from '../../src/providers/bfl/webhook.js';

const secret = 'a secret: ü';
const body = Buffer.from(JSON.stringify({ id: 'task-1', status: 'Ready', result: { sample: 'https://x.invalid/' } }));
const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

it.each([
  ['a true signature', { 'x-bfl-signature': signature }, body],
  ['one in capitals', { 'x-bfl-signature': signature.toUpperCase() }, body],
  ['none, which the reference documentation does not promise', {}, body],
  ['an error to tell', {}, Buffer.from('{"id":"task-1","status":"Error","error":"x","message":"y"}')],
])('takes a webhook with %s', (_, headers, bytes) => {
  expect(readWebhook(null, { headers, body: bytes, secret, receivedAt: 0 })).toEqual({ ok: true, taskId: 'task-1' });
});

it.each([
  ['another key', `sha256=${createHmac('sha256', 'other').update(body).digest('hex')}`],
  ['another body', `sha256=${createHmac('sha256', secret).update('x').digest('hex')}`],
  ['no scheme', signature.slice(7)],
  ['half of it', signature.slice(0, 40)],
  ['nothing in it', ''],
])('refuses a signature with %s', (_, given) => {
  const reading = readWebhook(null, { headers: { 'x-bfl-signature': given }, body, secret, receivedAt: 0 });
  expect(reading).toEqual({ ok: false, reason: 'the signature is wrong' });
});

it.each([
  '',
  '[]',
  'null',
  '{"id":7}',
  '{"id":""}',
  `{"id":"${'x'.repeat(513)}"}`,
  '{"id":"a\\u0000b"}',
  '<html>',
  '{"id":"a"',
])('refuses the body %s', (text) => {
  const reading = readWebhook(null, { headers: {}, body: Buffer.from(text), secret, receivedAt: 0 });
  expect(reading).toEqual({ ok: false, reason: 'the body names no task' });
});
