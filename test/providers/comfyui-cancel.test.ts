import { describe, expect, it } from 'vitest';
import { idle, key, never, noJob, noRoute, nothing, queue, startBench } from './comfyui.js';
import type { Reply } from './upstream.js';

const noCancel: Reply = { status: 405, body: '405: Method Not Allowed' };
const ok: Reply = { status: 200, body: '' };
const version = (comfyui_version: string): Reply => ({ body: { system: { comfyui_version } } });

describe('a server without /api/jobs/{id}/cancel', () => {
  it('takes a waiting task off its queue', async () => {
    const { provider, account, task, upstream, asked } = await startBench([noCancel, queue(['x'], [key]), ok, idle]);
    expect(await provider.cancel?.(account, task, never)).toEqual({ kind: 'asked' });
    expect(asked()).toEqual([`POST /api/jobs/${key}/cancel`, 'GET /queue', 'POST /queue', 'GET /queue']);
    expect(JSON.parse(upstream.requests[2]?.body ?? '')).toEqual({ delete: [key] });
  });

  it('interrupts a running one by its id', async () => {
    const { provider, account, task, upstream } = await startBench([noCancel, queue([key], []), version('0.3.75'), ok]);
    expect(await provider.cancel?.(account, task, never)).toEqual({ kind: 'asked' });
    expect(upstream.requests.at(-1)).toMatchObject({ url: '/interrupt', body: JSON.stringify({ prompt_id: key }) });
  });

  it('interrupts one that began meanwhile', async () => {
    const script = [noCancel, queue([], [key]), ok, queue([key], []), version('v0.4'), ok];
    const { provider, account, task, asked } = await startBench(script);
    expect(await provider.cancel?.(account, task, never)).toEqual({ kind: 'asked' });
    expect(asked().at(-1)).toBe('POST /interrupt');
  });

  it('with /api/jobs it is new enough to read the id', async () => {
    const script = [noJob, nothing, idle, nothing, { status: 404, body: '' }, noCancel, queue([key], []), ok];
    const { provider, account, task, asked } = await startBench(script);
    await provider.look(account, task, never);
    expect(await provider.cancel?.(account, task, never)).toEqual({ kind: 'asked' });
    expect(asked().at(-1)).toBe('POST /interrupt');
  });

  it.each<[string, Reply]>([
    ['one that says so', version('0.3.40')],
    ['one that says nothing', { body: { system: {} } }],
    ['one that does not answer', { status: 500, body: '' }],
  ])('never interrupts whatever runs: %s', async (_, reply) => {
    const { provider, account, task, asked } = await startBench([noRoute, queue([key], []), reply]);
    expect(await provider.cancel?.(account, task, never)).toMatchObject({ kind: 'tooLate' });
    expect(asked()).not.toContain('POST /interrupt');
  });

  it('is too late when it neither waits nor runs', async () => {
    const { provider, account, task } = await startBench([noCancel, queue(['x'], ['y'])]);
    expect(await provider.cancel?.(account, task, never)).toMatchObject({ kind: 'tooLate' });
  });

  it.each<[string, Reply[]]>([
    ['its queue', [noCancel, { status: 502, body: '' }]],
    ['the deletion', [noCancel, queue([], [key]), { status: 500, body: '' }]],
    ['the interrupt', [noCancel, queue([key], []), version('1.0'), { cut: 'read' }]],
  ])('does not answer: %s', async (_, script) => {
    const { provider, account, task } = await startBench(script);
    expect(await provider.cancel?.(account, task, never)).toMatchObject({ kind: 'unavailable' });
  });
});
