import { describe, expect, it, onTestFinished } from 'vitest';
import { createComfyProvider, type ComfyOptions } from '../../src/providers/comfyui/comfyui.js';
import { accountAt, apiKey, handle, key, never } from './comfyui.js';
import { startEvents } from './comfyui-events.js';

const times = { retryMs: 10, retryAtMostMs: 40, lingerMs: 50 };

async function startBench(watcherTimes: ComfyOptions['watcherTimes'] = times) {
  const server = await startEvents();
  const provider = createComfyProvider({ watcherTimes });
  onTestFinished(() => provider.close());
  const account = accountAt(server.origin);
  let wakes = 0;
  const listen = (taskId = key) => provider.listen?.(account, taskId, () => (wakes += 1)) ?? (() => undefined);
  const progress = async (): Promise<number | null> => {
    const outcome = await provider.look(account, handle(server.origin), never);
    return outcome.kind === 'running' ? outcome.progress : -1;
  };
  return { server, provider, account, listen, progress, wakes: () => wakes };
}

/** Listens, and waits until the server has the socket and the opening's own wake is over. */
async function listening(bench: Awaited<ReturnType<typeof startBench>>) {
  const connected = bench.server.next();
  const unlisten = bench.listen();
  const connection = await connected;
  await expect.poll(bench.wakes).toBe(1);
  return { ...connection, unlisten };
}

describe('the socket', () => {
  it('is one for the account, under one name, and sends no Origin', async () => {
    const bench = await startBench();
    const { request } = await listening(bench);
    const stop = bench.listen('another');
    bench.server.event('executing', { node: null });
    await expect.poll(bench.wakes).toBe(2);
    expect(bench.server.connections).toHaveLength(1);
    expect(request.url).toMatch(/^\/ws\?clientId=[0-9a-f-]{36}$/);
    expect(request.headers).not.toHaveProperty('origin');
    expect(request.headers).not.toHaveProperty('authorization');
    stop();
  });

  it('brings the key along, and a path before it', async () => {
    const { server, provider } = await startBench();
    const connected = server.next();
    provider.listen?.(accountAt(`${server.origin}/gpu/1/`, { apiKey }), key, () => undefined);
    const { request } = await connected;
    expect(request.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(request.url).toMatch(/^\/gpu\/1\/ws\?clientId=/);
  });

  it('is closed when nobody has listened for a while', async () => {
    const bench = await startBench();
    const { gone, unlisten } = await listening(bench);
    unlisten();
    await gone;
    const again = bench.server.next();
    bench.listen();
    await again;
    expect(bench.server.connections).toHaveLength(2);
  });

  it('stays while somebody else listens, or somebody new', async () => {
    const bench = await startBench();
    const { socket, unlisten } = await listening(bench);
    const other = bench.listen('another');
    unlisten();
    unlisten();
    other();
    bench.listen();
    await new Promise((resolve) => setTimeout(resolve, times.lingerMs * 2));
    expect(socket.readyState).toBe(socket.OPEN);
    expect(bench.server.connections).toHaveLength(1);
  });

  it('ends with the adapter, whether the server says goodbye or not', async () => {
    const bench = await startBench();
    const { socket, gone } = await listening(bench);
    socket.pause();
    await bench.provider.close();
    socket.resume();
    await gone;
    bench.listen();
    expect(bench.server.connections).toHaveLength(1);
  });

  it('ends with the adapter while it is being dialled', async () => {
    const bench = await startBench();
    bench.listen();
    await bench.provider.close();
    expect(bench.wakes()).toBe(0);
  });
});

describe('a connection that fails', () => {
  it('is made again, and all are woken since nothing is told twice', async () => {
    const bench = await startBench();
    const { socket } = await listening(bench);
    const again = bench.server.next();
    socket.terminate();
    await again;
    await expect.poll(bench.wakes).toBe(2);
  });

  it('is tried ever less often, up to a bound, while somebody listens', async () => {
    const bench = await startBench();
    bench.server.refuse = true;
    const unlisten = bench.listen();
    await expect.poll(() => bench.server.refusals).toBeGreaterThan(4);
    const connected = bench.server.next();
    bench.server.refuse = false;
    await connected;
    unlisten();
  });

  it('is given up when nobody listens any more', async () => {
    const bench = await startBench({ ...times, lingerMs: 1 });
    bench.server.refuse = true;
    const unlisten = bench.listen();
    await expect.poll(() => bench.server.refusals).toBeGreaterThan(1);
    unlisten();
    const { refusals } = bench.server;
    await new Promise((resolve) => setTimeout(resolve, times.retryAtMostMs * 3));
    expect(bench.server.refusals).toBeLessThanOrEqual(refusals + 1);
  });

  it('is still made for those who come after, whoever gave up', async () => {
    const bench = await startBench({ ...times, lingerMs: 60_000 });
    bench.server.refuse = true;
    const unlisten = bench.listen();
    await expect.poll(() => bench.server.refusals).toBeGreaterThan(2);
    unlisten();
    bench.server.refuse = false;
    const connected = bench.server.next();
    bench.listen('another');
    await connected;
    // And for those who come after one that ended while nobody listened.
    const { socket, gone } = bench.server.connections[0] ?? {};
    bench.listen('third')();
    socket?.terminate();
    await gone;
    await bench.server.next();
  });

  it('changes nothing for who looks', async () => {
    const bench = await startBench();
    bench.server.refuse = true;
    bench.listen();
    await expect.poll(() => bench.server.refusals).toBeGreaterThan(0);
    expect(await bench.progress()).toBeNull();
  });
});

describe('what it tells', () => {
  it.each<[string, object]>([
    ['execution_success', {}],
    ['execution_error', { exception_type: 'RuntimeError' }],
    ['execution_interrupted', {}],
    ['executing', { node: null }],
  ])('%s wakes for a look', async (type, data) => {
    const bench = await startBench();
    await listening(bench);
    bench.server.event(type, data);
    await expect.poll(bench.wakes).toBe(2);
  });

  it('is heard of one’s own tasks only, and nothing else disturbs', async () => {
    const bench = await startBench();
    await listening(bench);
    const { server } = bench;
    for (const odd of ['', 'null', '[]', '{', '"x"', '{"type":"executing"}', '{"type":"executing","data":null}']) {
      server.tell(odd);
    }
    server.tell(Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8]));
    server.tell('x'.repeat(2_000_000));
    server.tell({ type: 'status', data: { status: { exec_info: { queue_remaining: 1 } }, sid: 'x' } });
    server.event('executing', { node: '9' });
    server.event('executing', { node: null, prompt_id: 'of somebody else' });
    server.event('execution_success', { prompt_id: 'of somebody else' });
    server.event('progress', { value: 9, max: 10, prompt_id: 'of somebody else' });
    server.event('progress', { value: 'x', max: null });
    server.event('progress_state', { nodes: 'none' });
    server.event('executing', { node: null });
    await expect.poll(bench.wakes).toBe(2);
    expect(await bench.progress()).toBeNull();
    expect(server.connections).toHaveLength(1);
  });

  it('is progress by the node with the most steps', async () => {
    const bench = await startBench();
    await listening(bench);
    const { server } = bench;
    expect(await bench.progress()).toBeNull();
    server.event('progress', { value: 1, max: 4, node: '15' });
    await expect.poll(bench.progress).toBe(0.25);
    server.event('progress', { value: 5, max: 20, node: '9' });
    // The decoder's few steps come after the sampler's many.
    server.event('progress', { value: 1, max: 2, node: '10' });
    server.event('executing', { node: null });
    await expect.poll(bench.wakes).toBe(2);
    expect(await bench.progress()).toBe(0.25);
    const nodes = {
      '1': { value: 1, max: 1, state: 'finished' },
      '9': { value: 15, max: 20, state: 'running' },
      '10': { value: 0, max: 1, state: 'running' },
    };
    server.event('progress_state', { nodes });
    await expect.poll(bench.progress).toBe(0.75);
    server.event('progress', { value: 30, max: 20 });
    await expect.poll(bench.progress).toBe(1);
  });

  it('is forgotten with the task', async () => {
    const bench = await startBench({ ...times, lingerMs: 1000 });
    const { unlisten } = await listening(bench);
    bench.server.event('progress', { value: 1, max: 2 });
    await expect.poll(bench.progress).toBe(0.5);
    unlisten();
    expect(await bench.progress()).toBeNull();
  });
});
