import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyOf } from '../../src/domain/ids.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitFor, waitForEnd } from '../support/generations.js';

type Outcome = {
  status: string;
  code?: string;
  /** What the generation went through after QUEUED and SUBMITTING. */
  path: string;
  attempt: 'DONE' | 'LOST' | 'REFUSED';
  httpStatus?: number;
  moderationStage?: 'INPUT' | 'OUTPUT';
};

const succeeded: Outcome = { status: 'SUCCEEDED', path: 'RUNNING SAVING SUCCEEDED', attempt: 'DONE' };
const unconfirmed: Outcome = {
  status: 'FAILED',
  code: 'SUBMIT_UNCONFIRMED',
  path: 'UNCONFIRMED FAILED',
  attempt: 'LOST',
};
const failed = (code: string): Outcome => ({ status: 'FAILED', code, path: 'RUNNING FAILED', attempt: 'DONE' });
const unsaved = (status: 'FAILED' | 'EXPIRED', code: string): Outcome => ({
  status,
  code,
  path: `RUNNING SAVING ${status}`,
  attempt: 'DONE',
});
const refused = (code: string, httpStatus: number): Outcome => ({
  status: 'FAILED',
  code,
  httpStatus,
  path: 'FAILED',
  attempt: 'REFUSED',
});
const moderated = { status: 'MODERATED', path: 'RUNNING MODERATED', attempt: 'DONE' } as const;

/** By the sandbox's word: how it must end, whatever else happens, after exactly one submit. */
const outcomes: Readonly<Record<string, Outcome>> = {
  ready: succeeded,
  'unknown-status': succeeded,
  'foreign-polling-url': succeeded,
  'late-task=3': succeeded,
  'poll-500=2': succeeded,
  'poll-429=2': succeeded,
  'slow-reply=40s': succeeded,
  'request-moderated': { ...moderated, moderationStage: 'INPUT' },
  moderated: { ...moderated, moderationStage: 'OUTPUT' },
  error: failed('PROVIDER_FAILED'),
  failed: failed('PROVIDER_FAILED'),
  'not-found': { ...failed('PROVIDER_LOST'), attempt: 'LOST' },
  expired: unsaved('EXPIRED', 'RESULT_EXPIRED'),
  // The page may be a gateway's, so it is asked again, until the provider's own time is over.
  html: unsaved('EXPIRED', 'RESULT_EXPIRED'),
  'not-an-image': unsaved('FAILED', 'RESULT_NOT_AN_IMAGE'),
  huge: unsaved('FAILED', 'RESULT_NOT_AN_IMAGE'),
  'foreign-sample-url': unsaved('FAILED', 'RESULT_FOREIGN'),
  '400': refused('PROVIDER_REFUSED', 400),
  '404': refused('MODEL_RETIRED_UPSTREAM', 404),
  '422': refused('PROVIDER_REFUSED', 422),
  // Nothing proves that these were not accepted, so they are never sent again.
  '500': { ...unconfirmed, httpStatus: 500 },
  '503': { ...unconfirmed, httpStatus: 503 },
  '500-accepted': { ...unconfirmed, httpStatus: 500 },
  'lost-reply': unconfirmed,
  'slow-reply=2000s': unconfirmed,
};

let darkroom: Darkroom;
const ids = new Map<string, string>();

beforeAll(async () => {
  darkroom = await startDarkroom({
    // Result URLs live 7 s, a slow reply of 2,000 s takes 10 s: well apart from what a busy machine needs.
    sandbox: {
      image: 'small',
      timeScale: 200,
      resultLifetimeMs: 1_400_000,
      hugeBytes: 48 * 1024 * 1024,
      activeLimit: 100,
    },
    environment: { SUBMIT_TIMEOUT_SECONDS: '5', UNCONFIRMED_SECONDS: '5', BFL_ACTIVE_TASKS: '100' },
  });
  for (const word of [...Object.keys(outcomes), 'stuck', '429']) ids.set(word, await ask(word));
});

afterAll(async () => {
  await darkroom.stop();
});

async function ask(word: string): Promise<string> {
  // Pinned, so that a refusal is not followed by the next route.
  const model = 'bfl/flux-pro-finetuned';
  const profileId = await darkroom.profile('ink-sketch');
  const input = { profileId, prompt: `a jar [sandbox: ${word}]`, width: 256, model };
  return await generate(darkroom.api, 'generateFromPrompt', input);
}

function idOf(word: string): string {
  return ids.get(word) ?? '';
}

async function pathOf(id: string): Promise<string> {
  const rows = await darkroom.sql(
    'select status from generation_event where generation_id = $1 order by n',
    keyOf('Generation', id),
  );
  return rows.map((row) => row['status']).join(' ');
}

it.each(Object.entries(outcomes))('%s', async (word, outcome) => {
  const id = idOf(word);
  const state = await waitForEnd(darkroom.api, id);
  expect(state).toMatchObject({ status: outcome.status, moderationStage: outcome.moderationStage ?? null });
  expect(state.error?.code).toBe(outcome.code);
  expect(state.images).toHaveLength(outcome.status === 'SUCCEEDED' ? 1 : 0);
  expect(await pathOf(id)).toBe(`QUEUED SUBMITTING ${outcome.path}`);
  const settled = await waitFor(darkroom.api, id, ({ attempts }) => attempts[0]?.state === outcome.attempt);
  expect(settled.attempts).toHaveLength(1);
  expect(settled.attempts[0]?.httpStatus).toBe(outcome.httpStatus ?? null);
  expect(darkroom.submits(`[sandbox: ${word}]`)).toHaveLength(1);
});

it('ends at its deadline what never ends, and keeps its slot taken', async () => {
  const id = idOf('stuck');
  await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  await darkroom.sql('update generation set deadline = now() where id = $1', keyOf('Generation', id));
  const state = await waitForEnd(darkroom.api, id);
  expect(state).toMatchObject({ status: 'FAILED', error: { code: 'DEADLINE_EXCEEDED' } });
  expect(state.attempts.map((attempt) => attempt.state)).toEqual(['ACCEPTED']);
  expect(darkroom.submits('[sandbox: stuck]')).toHaveLength(1);
});

it('waits and sends again what was refused as too much', async () => {
  const id = idOf('429');
  const state = await waitFor(
    darkroom.api,
    id,
    ({ attempts }) => attempts.filter((each) => each.state === 'REFUSED').length >= 2,
  );
  expect(state.attempts[0]).toMatchObject({ state: 'REFUSED', httpStatus: 429, error: { code: 'PROVIDER_BUSY' } });
  expect(['QUEUED', 'SUBMITTING']).toContain(state.status);
  const [first, second] = darkroom.submits('[sandbox: 429]');
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(500);
  await darkroom.sql('update generation set deadline = now() where id = $1', keyOf('Generation', id));
  expect(await waitForEnd(darkroom.api, id)).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
});

it('was billed once for each, and never twice', () => {
  const repeats = darkroom.submits().filter((entry) => (entry.submit?.repeats ?? 0) > 0);
  // The very same body came again for what was refused.
  expect(new Set(repeats.map((entry) => entry.submit?.prompt))).toEqual(new Set(['a jar [sandbox: 429]']));
  const tasks = darkroom.sandbox.tasks().map((task) => String(task.request['prompt']));
  const twice = tasks.filter((prompt, n) => tasks.indexOf(prompt) !== n && !prompt.includes('ready'));
  expect(twice).toEqual([]);
});
