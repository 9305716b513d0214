import { describe, expect, it, onTestFinished } from 'vitest';
import { createBflProvider } from '../../src/providers/bfl/bfl.js';
import { accountAt, cannyRequest, handle, never, startBench } from './bfl.js';
import { findClosedPort, startMute, type Reply } from './upstream.js';

describe('nothing was sent: refused, to be tried later', () => {
  const refused = {
    kind: 'refused',
    code: 'PROVIDER_UNREACHABLE',
    retry: 'later',
    httpStatus: null,
    retryAfterMs: null,
  };

  it.each(['http://127.0.0.1', 'http://localhost', 'https://localhost'])('nobody listens at %s', async (origin) => {
    const { provider } = await startBench([]);
    const account = accountAt(`${origin}:${await findClosedPort()}`);
    const outcome = await provider.submit(account, cannyRequest, never);
    expect(outcome).toMatchObject(refused);
    expect(outcome).toHaveProperty('message', expect.stringContaining('ECONNREFUSED'));
  });

  it('the name is unknown', async () => {
    const { provider } = await startBench([]);
    expect(await provider.submit(accountAt('http://darkroom.invalid'), cannyRequest, never)).toMatchObject(refused);
  });

  it('the far end speaks no TLS', async () => {
    const { provider, upstream } = await startBench([]);
    const account = accountAt(`https://127.0.0.1:${upstream.port}`);
    expect(await provider.submit(account, cannyRequest, never)).toMatchObject(refused);
    expect(upstream.requests).toHaveLength(0);
  });

  it('the connection takes too long', async () => {
    const { provider } = await startBench([], { timeouts: { connectMs: 100 } });
    const mute = await startMute();
    onTestFinished(() => mute.close());
    const outcome = await provider.submit(accountAt(`https://127.0.0.1:${mute.port}`), cannyRequest, never);
    expect(outcome).toMatchObject(refused);
    expect(outcome).toHaveProperty('message', expect.stringContaining('UND_ERR_CONNECT_TIMEOUT'));
  });

  it('stopped before it began', async () => {
    const { provider, upstream, account } = await startBench([]);
    expect(await provider.submit(account, cannyRequest, AbortSignal.abort())).toMatchObject(refused);
    expect(upstream.requests).toHaveLength(0);
  });

  it('stopped while connecting', async () => {
    const { provider } = await startBench([]);
    const mute = await startMute();
    onTestFinished(() => mute.close());
    const controller = new AbortController();
    const pending = provider.submit(accountAt(`https://127.0.0.1:${mute.port}`), cannyRequest, controller.signal);
    await mute.nextBytes();
    controller.abort();
    expect(await pending).toMatchObject(refused);
  });
});

describe('the answer was lost: unknown, and asked once', () => {
  it.each<[string, Reply]>([
    ['the other side hangs up before reading the body', { cut: 'unread' }],
    ['the other side hangs up after reading the body', { cut: 'read' }],
    ['no answer in time', { stall: 'head' }],
  ])('%s', async (_, reply) => {
    const { provider, upstream, account } = await startBench([reply], { timeouts: { answerMs: 500 } });
    const outcome = await provider.submit(account, cannyRequest, never);
    expect(outcome).toMatchObject({ kind: 'unknown', httpStatus: null });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['the body stops', { idleMs: 100 }],
    ['all of it takes too long', { totalMs: 1000 }],
  ])('%s', async (_, timeouts) => {
    const { provider, upstream, account } = await startBench([{ stall: 'body', part: '{"id":' }], { timeouts });
    const outcome = await provider.submit(account, cannyRequest, never);
    expect(outcome).toMatchObject({ kind: 'unknown', httpStatus: 200 });
    expect(upstream.requests).toHaveLength(1);
  });

  it('stopped while the answer was awaited', async () => {
    const { provider, upstream, account } = await startBench([{ stall: 'head' }]);
    const controller = new AbortController();
    const arrived = upstream.nextRequest();
    const pending = provider.submit(account, cannyRequest, controller.signal);
    await arrived;
    controller.abort();
    expect(await pending).toEqual({ kind: 'unknown', message: 'no answer: stopped by the caller', httpStatus: null });
    expect(upstream.requests).toHaveLength(1);
  });

  it('a body too large to be taken in at once', async () => {
    const { provider, upstream, account } = await startBench([{ cut: 'unread' }]);
    const images = { controlImage: { id: 'i', bytes: Buffer.alloc(8 * 1024 * 1024) } };
    const outcome = await provider.submit(account, { ...cannyRequest, images }, never);
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('connections', () => {
  it('a submit never meets a kept-alive socket, a look does', async () => {
    const { provider, upstream, account } = await startBench([
      { body: { id: 'a', status: 'Pending' } },
      { body: { id: 'b' } },
      { body: { id: 'c' } },
      { body: { id: 'a', status: 'Pending' } },
    ]);
    const task = handle('a', null);
    await provider.look(account, task, never);
    expect(await provider.submit(account, cannyRequest, never)).toMatchObject({ kind: 'accepted' });
    expect(await provider.submit(account, cannyRequest, never)).toMatchObject({ kind: 'accepted' });
    await provider.look(account, task, never);
    const [look, one, two, again] = upstream.requests.map((request) => request.clientPort);
    expect(new Set([look, one, two]).size).toBe(3);
    expect(again).toBe(look);
  });

  it('many submits at once each have their own answer', async () => {
    const { provider, account } = await startBench(Array.from({ length: 20 }, (_, n) => ({ body: { id: `t${n}` } })));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => provider.submit(account, cannyRequest, never)));
    const ids = outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.task.taskId : outcome.kind));
    expect(new Set(ids).size).toBe(20);
  });

  it('closing waits for what is in flight', async () => {
    // Good for both, whichever comes first.
    const reply = { body: { id: 'a', status: 'Pending' } };
    const { provider, account } = await startBench([reply, reply]);
    const order: string[] = [];
    const submit = provider.submit(account, cannyRequest, never).then(({ kind }) => order.push(kind));
    const look = provider.look(account, handle('a', null), never).then(({ kind }) => order.push(kind));
    await provider.close();
    order.push('closed');
    await Promise.all([submit, look]);
    expect(order.at(-1)).toBe('closed');
    expect(order.toSorted()).toEqual(['accepted', 'closed', 'running']);
  });

  it('closing twice is closing once, and afterwards nothing is thrown', async () => {
    const provider = createBflProvider();
    await provider.close();
    await provider.close();
    const account = accountAt('http://127.0.0.1:1');
    expect(await provider.look(account, handle('t', null), never)).toMatchObject({
      kind: 'unavailable',
    });
  });
});
