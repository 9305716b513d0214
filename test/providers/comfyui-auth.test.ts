import { expect, it } from 'vitest';
import {
  accountAt,
  apiKey,
  cannyRequest,
  job,
  key,
  loras,
  made,
  never,
  picture,
  startBench,
  uploaded,
} from './comfyui.js';
import { startUpstream } from './upstream.js';

const accepted = { body: { prompt_id: key, number: 1, node_errors: {} } };
const png = { headers: { 'content-type': 'image/png' }, body: 'PNG' };

it.each([
  [undefined, 'authorization', `Bearer ${apiKey}`],
  [null, 'authorization', `Bearer ${apiKey}`],
  [{ header: 'x-api-key', scheme: null }, 'x-api-key', apiKey],
  [{ header: 'authorization', scheme: 'Basic' }, 'authorization', `Basic ${apiKey}`],
])('a key goes along with everything, in its header alone: %j', async (auth, header, value) => {
  const ready = job('completed', { messages: [], outputs: made });
  const script = [
    loras,
    uploaded,
    accepted,
    ready,
    png,
    { body: { cancelled: true } },
    { body: { system: {} } },
    loras,
  ];
  const { provider, upstream, task } = await startBench(script);
  const account = accountAt(upstream.origin, { apiKey, ...(auth === undefined ? {} : { auth }) });
  await provider.submit(account, cannyRequest, never);
  await provider.look(account, task, never);
  const url = `${upstream.origin}/view${picture}`;
  expect(await provider.download(account, url, never)).toMatchObject({ kind: 'bytes' });
  await provider.cancel?.(account, task, never);
  await provider.probe(account, never);
  await provider.listFinetunes?.(account, never);
  expect(upstream.requests).toHaveLength(script.length);
  for (const { headers, url: path, body } of upstream.requests) {
    expect(headers[header]).toBe(value);
    expect(JSON.stringify([path, body, { ...headers, [header]: '' }])).not.toContain(apiKey);
  }
});

it('a redirect takes the picture’s request to no other host, and the key neither', async () => {
  const foreign = await startUpstream();
  const { provider, upstream } = await startBench([{ status: 302, headers: { location: `${foreign.origin}/x` } }]);
  const account = accountAt(upstream.origin, { apiKey });
  expect(await provider.download(account, `${upstream.origin}/view${picture}`, never)).toMatchObject({
    kind: 'foreign',
  });
  expect(foreign.requests).toEqual([]);
  await foreign.close();
});

it('without a key there is no such header', async () => {
  const { provider, account, upstream } = await startBench([{ body: { system: {} } }]);
  expect(await provider.probe(account, never)).toEqual({ kind: 'well', creditMicros: null });
  expect(upstream.requests[0]?.headers).not.toHaveProperty('authorization');
});

it('a key that may stand in no header is refused before anything is sent', async () => {
  const { provider, upstream, task } = await startBench([]);
  const account = accountAt(upstream.origin, { apiKey: 'two words' });
  const refused = { kind: 'refused', code: 'PROVIDER_UNAUTHORIZED', retry: 'account' };
  expect(await provider.submit(account, cannyRequest, never)).toMatchObject(refused);
  expect(await provider.look(account, task, never)).toMatchObject({ kind: 'unavailable' });
  expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
  expect(await provider.cancel?.(account, task, never)).toMatchObject({ kind: 'unavailable' });
  expect(await provider.probe(account, never)).toMatchObject({ kind: 'refused' });
  expect(await provider.listFinetunes?.(account, never)).toMatchObject({ kind: 'refused' });
  provider.listen?.(account, key, () => undefined)();
  expect(upstream.requests).toEqual([]);
});

it('no message tells the key that a server echoes', async () => {
  const { provider, upstream, task } = await startBench([{ status: 500, body: { error: `no ${apiKey}` } }]);
  const outcome = await provider.look(accountAt(upstream.origin, { apiKey }), task, never);
  expect(outcome).toMatchObject({ kind: 'unavailable', message: 'HTTP 500: no [key]' });
});
