import { describe, expect, it } from 'vitest';
import {
  cannyRequest,
  handle,
  history,
  idle,
  job,
  key,
  loras,
  made,
  marker,
  never,
  noJob,
  noRoute,
  nothing,
  queue,
  start,
  startBench,
  success,
  uploaded,
} from './comfyui.js';
import type { Reply } from './upstream.js';

const noPicture: Reply = { status: 404, body: '' };
const aPicture: Reply = { headers: { 'content-type': 'image/png' }, body: 'PNG' };
const done = { messages: [start, success], outputs: made };
/** By the listings of a server without `/api/jobs`. */
const nowhere = [nothing, idle, nothing];

describe('a server that takes our ids', () => {
  it.each<[string, Reply[]]>([
    ['it waits', [queue([], [key])]],
    ['it runs', [queue([key], [])]],
  ])('%s', async (_, [listing]) => {
    const { provider, account, upstream } = await startBench([noJob, nothing, listing ?? nothing]);
    const task = handle(upstream.origin);
    expect(await provider.find?.(account, key, never)).toEqual({ kind: 'found', task });
  });

  it('has ended, well or not', async () => {
    const failed = job('failed', { messages: [] });
    const { provider, account } = await startBench([job('completed', done), failed]);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'found' });
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'found' });
  });

  it('forgot it at a restart, but its picture is there', async () => {
    const { provider, account } = await startBench([noJob, ...nowhere, aPicture]);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'found', task: { taskId: key } });
  });

  it('by /api/jobs: absent is proof', async () => {
    const { provider, account } = await startBench([noJob, ...nowhere, noPicture]);
    expect(await provider.find?.(account, key, never)).toEqual({ kind: 'absent' });
  });

  it('by an answer that repeated our id: absent is proof', async () => {
    const accepted: Reply = { body: { prompt_id: key, number: 1, node_errors: {} } };
    const { provider, account } = await startBench([loras, uploaded, accepted, noRoute, ...nowhere, noPicture]);
    await provider.submit(account, cannyRequest, never);
    expect(await provider.find?.(account, key, never)).toEqual({ kind: 'absent' });
  });

  it('does not say whether it has the picture: nothing is known', async () => {
    const { provider, account } = await startBench([noJob, ...nowhere, { status: 500, body: '' }]);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a server that may give ids of its own', () => {
  it.each<[string, Reply[]]>([
    ['it waits', [queue([], ['minted'])]],
    ['it runs', [queue(['minted'], [])]],
    ['it is over', [idle, history('success', done, 'minted')]],
  ])('%s: found by what went along with it', async (_, search) => {
    const { provider, account, asked } = await startBench([noRoute, ...nowhere, ...search]);
    const outcome = await provider.find?.(account, key, never);
    expect(outcome).toMatchObject({ kind: 'found', task: { taskId: 'minted' } });
    expect(asked().slice(4)).toEqual(['GET /queue', 'GET /history?max_items=100'].slice(0, search.length));
  });

  it('tasks of others are not taken for ours', async () => {
    const other = { darkroom: { ...marker.darkroom, key: 'another' } };
    const listing = [queue(['a'], ['b'], other), history('success', { ...done, extra: {} }, 'c')];
    const { provider, account } = await startBench([noRoute, ...nowhere, ...listing, noPicture]);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
  });

  it('nowhere is no proof, however often', async () => {
    const look = [...nowhere, idle, nothing, noPicture];
    const { provider, account } = await startBench([noRoute, ...look, ...look]);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
  });

  it('an answer with another id outweighs the routes that it has', async () => {
    const accepted: Reply = { body: { prompt_id: 'minted', number: 1, node_errors: {} } };
    const script = [loras, uploaded, accepted, noJob, ...nowhere, idle, nothing, noPicture];
    const { provider, account } = await startBench(script);
    await provider.submit(account, cannyRequest, never);
    expect(await provider.find?.(account, key, never)).toMatchObject({ kind: 'unavailable' });
  });
});
