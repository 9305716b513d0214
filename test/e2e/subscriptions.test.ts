import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitFor, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId: string;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { image: 'small', timeScale: 400 } });
  profileId = await darkroom.profile('ink-sketch');
});

afterAll(async () => {
  await darkroom.stop();
});

const path = ['QUEUED', 'SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED'];
const messageSchema = z.object({
  generationEvents: z.object({
    __typename: z.string(),
    cursor: z.string(),
    running: z.array(z.object({ id: z.string() })).optional(),
    position: z.number().optional(),
    status: z.string().optional(),
    generation: z.object({ id: z.string() }).optional(),
  }),
});
const eventsDocument = `subscription ($filter: GenerationEventFilter) {
  generationEvents(filter: $filter) {
    __typename
    ... on EventsSnapshot { cursor running { id } }
    ... on GenerationEvent { cursor position status generation { id } }
  }
}`;

/** Listens, and is listening when it comes back. */
async function listen(api: Api, filter: Variables = {}) {
  const inbox = api.subscribe(messageSchema, eventsDocument, { filter });
  await inbox.until((received) => received.length > 0);
  return {
    close: () => inbox.close(),
    cursor: inbox.received[0]?.generationEvents.cursor,
    running: inbox.received[0]?.generationEvents.running?.map(({ id }) => id),
    async heard(count: number) {
      const received = await inbox.until((all) => all.length > count);
      return received.slice(1).map(({ generationEvents }) => generationEvents);
    },
  };
}

async function draw(api: Api, input: Variables = {}): Promise<string> {
  return await generate(api, 'generateFromPrompt', { profileId, prompt: 'a jar', width: 256, height: 256, ...input });
}

it('tells every listener of a project everything once and in order, however much happens at once', async () => {
  const listeners = await Promise.all(Array.from({ length: 10 }, async () => await listen(darkroom.api)));
  const ids = await Promise.all(Array.from({ length: 30 }, async () => await draw(darkroom.api)));
  const heard = await Promise.all(listeners.map(async (each) => await each.heard(ids.length * path.length)));
  const [first = []] = heard;
  for (const each of heard) expect(each).toEqual(first);
  const positions = first.map((event) => event.position ?? 0);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect(new Set(positions).size).toBe(ids.length * path.length);
  const byId = Map.groupBy(first, (event) => event.generation?.id ?? '');
  expect([...byId.keys()].sort()).toEqual([...ids].sort());
  for (const events of byId.values()) expect(events.map((event) => event.status)).toEqual(path);
  for (const each of listeners) each.close();
});

it('tells only what its filter asks for', async () => {
  const ends = await listen(darkroom.api, { status: ['SUCCEEDED', 'FAILED'], control: ['NONE'] });
  const elsewhere = await listen(darkroom.api, { provider: ['elsewhere'] });
  const ofProfile = await listen(darkroom.api, { profileId: await darkroom.profile('studio-bottle') });
  const good = await draw(darkroom.api);
  await waitForEnd(darkroom.api, good);
  const bad = await draw(darkroom.api, {
    prompt: 'a jar [sandbox: 422]',
    profileId: await darkroom.profile('studio-bottle'),
  });
  expect((await ends.heard(2)).map(({ status, generation }) => [status, generation?.id])).toEqual([
    ['SUCCEEDED', good],
    ['FAILED', bad],
  ]);
  expect((await ofProfile.heard(3)).map(({ status }) => status)).toEqual(['QUEUED', 'SUBMITTING', 'FAILED']);
  expect(await elsewhere.heard(0)).toEqual([]);
});

it('tells nothing of another project', async () => {
  const other = await darkroom.addProject('other');
  const theirs = await listen(other.api);
  await waitForEnd(darkroom.api, await draw(darkroom.api));
  const own = await draw(other.api, { profileId: other.profileId });
  const heard = await theirs.heard(path.length);
  expect(new Set(heard.map(({ generation }) => generation?.id))).toEqual(new Set([own]));
});

it('begins with what is running', async () => {
  const id = await draw(darkroom.api, { prompt: 'a jar [sandbox: stuck]' });
  await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  expect((await listen(darkroom.api)).running).toEqual([id]);
  expect((await listen(darkroom.api, { status: ['SAVING'] })).running).toEqual([]);
});

it('misses nothing and repeats nothing for those who come while it happens', async () => {
  const before = await listen(darkroom.api);
  const late: Awaited<ReturnType<typeof listen>>[] = [];
  const coming = (async () => {
    while (late.length < 10) late.push(await listen(darkroom.api));
  })();
  const drawing = Array.from({ length: 20 }, async () => await draw(darkroom.api));
  await Promise.all([...drawing, coming]);
  const all = await before.heard(20 * path.length);
  const cursors = [before.cursor, ...all.map(({ cursor }) => cursor)];
  for (const each of late) {
    const expected = all.slice(cursors.indexOf(each.cursor));
    expect(cursors).toContain(each.cursor);
    expect(await each.heard(expected.length)).toEqual(expected);
  }
});

const changedSchema = z.object({
  generationChanged: z.object({ status: z.string(), progress: z.number().nullable() }),
});
const changedDocument = 'subscription ($id: ID!) { generationChanged(id: $id) { status progress } }';

it('shows a generation that has ended once', async () => {
  const id = await draw(darkroom.api);
  await waitForEnd(darkroom.api, id);
  const inbox = darkroom.api.subscribe(changedSchema, changedDocument, { id });
  await inbox.ended;
  expect(inbox.received).toEqual([{ generationChanged: { status: 'SUCCEEDED', progress: null } }]);
});

it('shows the progress that the provider reports', async () => {
  const id = await draw(darkroom.api, { prompt: 'a jar [sandbox: duration=1600s]' });
  const inbox = darkroom.api.subscribe(changedSchema, changedDocument, { id });
  await inbox.ended;
  const shown = inbox.received.flatMap(({ generationChanged }) => generationChanged.progress ?? []);
  expect(shown.length).toBeGreaterThan(1);
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
  for (const progress of shown) expect(progress).toBeGreaterThan(0);
  for (const progress of shown) expect(progress).toBeLessThanOrEqual(1);
});
