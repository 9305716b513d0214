import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import { newId, publicId } from '../../src/domain/ids.js';
import { ensureProject } from '../../src/store/keys.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { openStore, type Store } from '../../src/store/store.js';
import { acceptOne, newGeneration } from '../support/new-generation.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { readGeneration, waitFor, waitForEnd } from '../support/generations.js';
import { eventually } from '../support/eventually.js';

/** What the dead process had got to. */
const stages = ['INTENDED', 'SENT', 'ACCEPTED', 'SAVING', 'LATE', 'DEADLINE'] as const;
type Stage = (typeof stages)[number] | 'OTHERS';

const dead = newId();
const alive = newId();
const ids = new Map<Stage, string>();
let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom({ prepare: leaveBehind });
});

afterAll(async () => {
  await darkroom.stop();
});

const acceptedSchema = z.object({ id: z.string(), polling_url: z.string() });

async function leaveBehind(before: { databaseUrl: string; sandboxUrl: string }): Promise<void> {
  const store = openStore(before.databaseUrl, () => undefined);
  await ensurePartitions(store.database, new Date());
  const project = await ensureProject(store.database, { id: newId(), slug: 'demo', name: 'Demo' });
  for (const id of [dead, alive]) await store.worklist.register({ id, host: 'there', pid: 1 });
  for (const stage of stages) ids.set(stage, await leave(store, before.sandboxUrl, project.id, stage, dead));
  ids.set('OTHERS', await leave(store, before.sandboxUrl, project.id, 'OTHERS', alive));
  await store.database.prisma.$executeRaw`
    update instance set renewed_at = now() - interval '16 seconds' where id = ${dead}::uuid`;
  await store.close();
}

/** One generation, taken as far as the stage says. */
async function leave(
  store: Store,
  sandboxUrl: string,
  projectId: string,
  stage: Stage,
  owner: string,
): Promise<string> {
  const parameters = { width: 256, height: 256 };
  const prompt = `left ${stage}${stage === 'DEADLINE' ? ' [sandbox: duration=300s]' : ''}`;
  const { id } = await acceptOne(store.ledger, newGeneration({ projectId, prompt, promptSent: prompt, parameters }));
  await store.worklist.admit({ account: 'sandbox', instanceId: owner, limit: 24, atMost: 1 });
  if (stage === 'INTENDED' || stage === 'OTHERS') return id;
  await store.ledger.change({ generationId: id, attempt: attemptMove(1, owner, 'SENT'), generation: null });
  if (stage === 'SENT') return id;

  const response = await fetch(`${sandboxUrl}/v1/flux-pro-finetuned`, {
    method: 'POST',
    headers: { 'x-key': 'sandbox-key' },
    body: JSON.stringify({ finetune_id: 'own', prompt, ...parameters }),
  });
  const task = acceptedSchema.parse(await response.json());
  await store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, owner, 'ACCEPTED', {
      taskId: task.id,
      pollingUrl: task.polling_url,
      quotedMicros: 60_000,
    }),
    generation: generationMove('RUNNING'),
  });
  if (stage === 'SAVING' || stage === 'LATE') {
    await eventually(async () => expect(await lookAt(task.polling_url)).toContain('Ready'));
  }
  if (stage === 'SAVING') {
    await store.ledger.change({
      generationId: id,
      attempt: attemptMove(1, owner, 'DONE', { settledMicros: 60_000 }),
      generation: generationMove('SAVING'),
    });
  }
  if (stage === 'LATE') {
    const errorCode = 'DEADLINE_EXCEEDED';
    await store.ledger.change({
      generationId: id,
      attempt: null,
      generation: generationMove('FAILED', { errorCode }),
    });
  }
  if (stage === 'DEADLINE') {
    await store.database.prisma.$executeRaw`update generation set deadline = now() where id = ${id}::uuid`;
  }
  return id;
}

async function lookAt(url: string): Promise<string> {
  return await (await fetch(url, { headers: { 'x-key': 'sandbox-key' } })).text();
}

function left(stage: Stage): string {
  return publicId('Generation', ids.get(stage) ?? '');
}

it('submits again what was certainly never sent', async () => {
  const state = await waitForEnd(darkroom.api, left('INTENDED'));
  expect(state.status).toBe('SUCCEEDED');
  expect(state.attempts.map(({ state: each, error }) => [each, error?.code ?? null])).toEqual([
    ['REFUSED', 'NEVER_SENT'],
    ['DONE', null],
  ]);
  expect(darkroom.submits('left INTENDED')).toHaveLength(1);
});

it('never submits again what may have been sent', async () => {
  const state = await waitFor(darkroom.api, left('SENT'), ({ status }) => status !== 'SUBMITTING');
  expect(state).toMatchObject({ status: 'UNCONFIRMED', error: { code: 'SUBMIT_UNCONFIRMED' } });
  expect(state.attempts.map((attempt) => attempt.state)).toEqual(['SENT']);
  expect(darkroom.submits('left SENT')).toEqual([]);
});

it('goes on watching what the provider has', async () => {
  const state = await waitForEnd(darkroom.api, left('ACCEPTED'));
  expect(state.status).toBe('SUCCEEDED');
  expect(state.images).toHaveLength(1);
  expect(state.attempts.map((attempt) => attempt.state)).toEqual(['DONE']);
  expect(darkroom.submits('left ACCEPTED')).toHaveLength(1);
});

it('saves what was finished and not saved, asking the provider where it is', async () => {
  const state = await waitForEnd(darkroom.api, left('SAVING'));
  expect(state.status).toBe('SUCCEEDED');
  expect(state.images).toHaveLength(1);
  expect(state.cost).toMatchObject({ quotedMicros: 60_000, settledMicros: 60_000 });
  expect(darkroom.submits('left SAVING')).toHaveLength(1);
});

it('watches an attempt to its end although its generation is over, which adds cost and no state', async () => {
  const state = await waitFor(darkroom.api, left('LATE'), ({ attempts }) => attempts[0]?.state === 'DONE');
  expect(state).toMatchObject({ status: 'FAILED', error: { code: 'DEADLINE_EXCEEDED' }, images: [] });
  expect(state.cost.settledMicros).toBe(60_000);
});

it('ends what ran out of time, and watches its attempt on', async () => {
  const state = await waitFor(darkroom.api, left('DEADLINE'), ({ attempts }) => attempts[0]?.state === 'DONE');
  expect(state).toMatchObject({ status: 'FAILED', error: { code: 'DEADLINE_EXCEEDED' }, images: [] });
  expect(darkroom.submits('left DEADLINE')).toHaveLength(1);
});

it('leaves alone what a living process looks after', async () => {
  const state = await readGeneration(darkroom.api, left('OTHERS'));
  expect(state.attempts.map((attempt) => attempt.state)).toEqual(['INTENDED']);
  expect(darkroom.submits('left OTHERS')).toEqual([]);
  const [row] = await darkroom.sql('select instance_id from attempt where generation_id = $1', ids.get('OTHERS'));
  expect(row).toEqual({ instance_id: alive });
});
