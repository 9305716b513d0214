import { once } from 'node:events';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, type RawData } from 'ws';
import { startComfy, textGraph, type ComfyBench } from './comfyui.js';

type Event = { type: string; data: Record<string, unknown> };
type Ear = { socket: WebSocket; events: Event[]; frames: Buffer[]; closed: Promise<unknown> };

function bytesOf(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
}

/** Connects and waits for the greeting. */
async function listen({ url }: ComfyBench, clientId: string | null, path = '/ws', first?: object): Promise<Ear> {
  const query = clientId === null ? '' : `?clientId=${clientId}`;
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`);
  onTestFinished(() => socket.terminate());
  const ear: Ear = { socket, events: [], frames: [], closed: once(socket, 'close') };
  socket.on('message', (data, isBinary) => {
    if (isBinary) ear.frames.push(bytesOf(data));
    else ear.events.push(JSON.parse(bytesOf(data).toString('utf8')) as Event);
  });
  await once(socket, 'open');
  if (first !== undefined) socket.send(JSON.stringify(first));
  await expect.poll(() => ear.events.length).toBeGreaterThan(0);
  return ear;
}

function of(ear: Ear, promptId: string, ...without: string[]): string[] {
  return ear.events
    .filter(({ type, data }) => data['prompt_id'] === promptId && !without.includes(type))
    .map(({ type, data }) => (type === 'executing' || type === 'executed' ? `${type} ${String(data['node'])}` : type));
}

const steps = { steps: 2 };

test('a client hears everything of its prompt, in order', async () => {
  const bench = await startComfy();
  const ear = await listen(bench, 'me');
  expect(ear.events).toEqual([{ type: 'status', data: { status: { exec_info: { queue_remaining: 0 } }, sid: 'me' } }]);
  const id = await bench.prompt(textGraph('a', { ...steps, lora: null }), { client_id: 'me' });
  bench.advance(600_000);
  await expect.poll(() => of(ear, id).at(-1)).toBe('executing null');
  expect(of(ear, id, 'progress_state')).toEqual([
    'execution_start',
    'execution_cached',
    'executing 1',
    'executing 3',
    'executing 5',
    'executing 6',
    'executing 7',
    'executing 8',
    'progress',
    'progress',
    'executing 4',
    'executing 9',
    'executing 10',
    'executed 10',
    'execution_success',
    'executing null',
  ]);
  const find = (type: string): Record<string, unknown>[] =>
    ear.events.filter((event) => event.type === type).map(({ data }) => data);
  expect(find('status').map(({ status }) => status)).toEqual(
    [0, 1, 1, 0].map((queue_remaining) => ({ exec_info: { queue_remaining } })),
  );
  expect(find('progress')).toEqual([1, 2].map((value) => ({ value, max: 2, node: '8', prompt_id: id })));
  expect(find('executed')).toEqual([
    {
      node: '10',
      display_node: '10',
      prompt_id: id,
      output: { images: [{ filename: 'flux_00001_.png', subfolder: '', type: 'output' }] },
    },
  ]);
  expect(find('execution_success')).toEqual([{ prompt_id: id, timestamp: expect.any(Number) }]);
  expect(find('progress_state').at(-1)?.['nodes']).toMatchObject({
    '1': { state: 'finished' },
    '8': { value: 2, max: 2, state: 'finished', node_id: '8', prompt_id: id },
    '10': { state: 'finished' },
  });
  expect(find('progress_state')[0]?.['nodes']).toEqual({
    '1': expect.objectContaining({ state: 'running', value: 0 }),
  });
});

test('previews come as binary frames, described for those who can read it', async () => {
  const bench = await startComfy();
  const plain = await listen(bench, 'plain');
  const able = await listen(bench, 'able', '/api/ws', {
    type: 'feature_flags',
    data: { supports_preview_metadata: true },
  });
  await expect
    .poll(() => able.events.at(-1))
    .toEqual({
      type: 'feature_flags',
      data: { supports_preview_metadata: true, max_upload_size: 104_857_600 },
    });
  await bench.prompt(textGraph('a', steps), { client_id: 'plain' });
  const id = await bench.prompt(textGraph('b', steps), { client_id: 'able' });
  bench.advance(600_000);
  await expect.poll(() => [plain.frames.length, able.frames.length]).toEqual([2, 2]);
  const [one = Buffer.alloc(8), two = Buffer.alloc(8)] = [plain.frames[0], able.frames[0]];
  expect([one.readUInt32BE(0), one.readUInt32BE(4)]).toEqual([1, 1]);
  expect(await sharp(one.subarray(8)).metadata()).toMatchObject({ format: 'jpeg' });
  expect(two.readUInt32BE(0)).toBe(4);
  const end = 8 + two.readUInt32BE(4);
  expect(JSON.parse(two.subarray(8, end).toString('utf8'))).toMatchObject({
    node_id: '8',
    prompt_id: id,
    image_type: 'image/jpeg',
  });
  expect(await sharp(two.subarray(end)).metadata()).toMatchObject({ format: 'jpeg' });
});

test('events go to the client of the prompt alone; without one, progress and interrupts go to all', async () => {
  const bench = await startComfy();
  const [me, you] = [await listen(bench, 'me'), await listen(bench, 'you')];
  const mine = await bench.prompt(textGraph('a', steps), { client_id: 'me' });
  bench.advance(600_000);
  await expect.poll(() => of(me, mine).at(-1)).toBe('executing null');
  const nobodys = await bench.prompt(textGraph('b [sandbox: duration=10s]', { steps: 10 }));
  bench.advance(5_000);
  await bench.post('/interrupt');
  bench.advance(5_000);
  await expect.poll(() => of(you, nobodys).at(-1)).toBe('execution_interrupted');
  expect(of(you, mine)).toEqual([]);
  expect(new Set(of(you, nobodys))).toEqual(new Set(['progress_state', 'progress', 'execution_interrupted']));
});

test('an error is told with all there is to know of it, and then the prompt is over', async () => {
  const bench = await startComfy();
  const me = await listen(bench, 'me');
  const id = await bench.prompt(textGraph('a [sandbox: oom]', { ...steps, seed: 5 }), { client_id: 'me' });
  bench.advance(600_000);
  await expect.poll(() => of(me, id).slice(-2)).toEqual(['execution_error', 'executing null']);
  expect(me.events.find(({ type }) => type === 'execution_error')?.data).toEqual({
    prompt_id: id,
    node_id: '8',
    node_type: 'KSampler',
    executed: expect.arrayContaining(['1', '2', '5', '6', '7']),
    exception_message: expect.stringContaining('ran out of memory on your GPU'),
    exception_type: 'torch.OutOfMemoryError',
    traceback: [expect.any(String)],
    current_inputs: expect.objectContaining({ seed: [5], steps: [2] }),
    current_outputs: expect.any(Array),
    timestamp: expect.any(Number),
  });
});

test('a newer socket of the same id replaces the older one, which takes its place away when it closes', async () => {
  const bench = await startComfy();
  const older = await listen(bench, 'me');
  const newer = await listen(bench, 'me');
  const first = await bench.prompt(textGraph('a', steps), { client_id: 'me' });
  bench.advance(600_000);
  await expect.poll(() => of(newer, first).at(-1)).toBe('executing null');
  expect(of(older, first)).toEqual([]);
  older.socket.close();
  await older.closed;
  const witness = await listen(bench, 'witness');
  const second = await bench.prompt(textGraph('b', steps), { client_id: 'me' });
  bench.advance(600_000);
  expect(await bench.history(second)).not.toBeNull();
  await expect.poll(() => witness.events.length).toBeGreaterThan(3);
  expect(of(newer, second)).toEqual([]);
});

test('who connects late hears which node runs, and nothing of what was', async () => {
  const bench = await startComfy();
  const id = await bench.prompt(textGraph('a [sandbox: duration=10s]'), { client_id: 'me' });
  bench.advance(5_000);
  const me = await listen(bench, 'me');
  await expect.poll(() => me.events[1]).toEqual({ type: 'executing', data: { node: '8' } });
  bench.advance(600_000);
  await expect.poll(() => of(me, id).at(-1)).toBe('executing null');
  expect(of(me, id)).not.toContain('execution_start');
});

test('without an id the server chooses one; an older server does not answer flags', async () => {
  const bench = await startComfy({ comfyui: 'old' });
  const ear = await listen(bench, null, '/ws', { type: 'feature_flags', data: {} });
  const sid = String(ear.events[0]?.data['sid']);
  expect(sid).toMatch(/^[0-9a-f]{32}$/);
  const id = await bench.prompt(textGraph('a', steps), { client_id: sid });
  bench.advance(600_000);
  await expect.poll(() => of(ear, id).at(-1)).toBe('executing null');
  expect(ear.events.map(({ type }) => type)).not.toContain('feature_flags');
  expect(ear.events.map(({ type }) => type)).not.toContain('progress_state');
});

test('a restart of ComfyUI cuts its sockets, and so does the end of the sandbox', async () => {
  const bench = await startComfy();
  const me = await listen(bench, 'me');
  await bench.restart();
  await me.closed;
  expect(me.socket.readyState).toBe(WebSocket.CLOSED);
  const again = await listen(bench, 'me');
  await bench.sandbox.stop();
  await again.closed;
  expect(again.socket.readyState).toBe(WebSocket.CLOSED);
});

test.each([
  ['/ws', { origin: 'https://evil.example' }, 403],
  ['/elsewhere', {}, 404],
])('a socket at %s with %o is turned away with %i', async (path, headers, status) => {
  const { url } = await startComfy();
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers });
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain(String(status));
});
