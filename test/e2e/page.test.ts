import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { newId } from '../../src/domain/ids.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { writePast } from '../support/history.js';
import { eventually } from '../support/eventually.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
  const [project] = await darkroom.sql("select id from project where slug = 'demo'");
  const projectId = String(project?.['id']);
  const profiles = Array.from({ length: 10 }, () => newId());
  for (const id of profiles) {
    await darkroom.sql(
      'insert into profile (id, project_id, slug, name) values ($1::uuid, $2, $1::text, $1::text)',
      id,
      projectId,
    );
    await darkroom.sql(
      "insert into binding (profile_id, project_id, provider, finetune_id) values ($1, $2, 'bfl', 'x')",
      id,
      projectId,
    );
  }
  await writePast(
    darkroom,
    Array.from({ length: 60 }, (_, n) => ({ projectId, profileId: profiles[n % 10] ?? '', full: true })),
  );
  // Events are shown once they have their positions.
  await eventually(async () => {
    const [left] = await darkroom.sql('select count(*)::int as n from generation_event where position is null');
    if (left?.['n'] !== 0) throw new Error('Some events have no position yet.');
  });
});

afterAll(async () => {
  await darkroom.stop();
});

const document = `query ($first: Int!, $after: String) {
  generations(first: $first, after: $after) {
    edges { cursor node {
      id status parameters { steps } model { id lifecycle { status } } progress
      profile { slug bindings { finetuneId } }
      controlImage { url thumbnail(width: 64) } imagePrompt { url } images { url width }
      attempts { n state request error { code } }
      events { version status generation { id profile { slug } images { url } } }
    } }
    pageInfo { endCursor hasNextPage }
  }
}`;
const shape = z.object({
  generations: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          profile: z.object({ slug: z.string(), bindings: z.array(z.unknown()).length(1) }),
          controlImage: z.object({ url: z.string() }),
          images: z.array(z.unknown()).length(1),
          attempts: z.array(z.unknown()).length(2),
          events: z.array(z.object({ generation: z.object({ images: z.array(z.unknown()).length(1) }) })).length(5),
        }),
      }),
    ),
    pageInfo: z.object({ endCursor: z.string(), hasNextPage: z.boolean() }),
  }),
});

/** What the relay and the poller ask all the time. */
const background =
  /generation_unsearched|usage_|erasure|keeping|image_removal|image_weight|budget|\bexport\b|pg_inherits|set_config|event_position|position > |account_pause|provider_call|worker_until|from run_time|model_retirement|routing from project|pg_advisory|pg_try_advisory|instance|deadline <|sent_at <|^(begin|commit|set)\b/i;

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : '';
}

/** The statements that a page of this length takes, lists of parameters and limits shortened. */
async function statementsOf(first: number): Promise<string[]> {
  const spy = vi.spyOn(Client.prototype, 'query');
  try {
    const page = await darkroom.api.ask(shape, document, { first });
    expect(page.generations.edges).toHaveLength(first);
    const texts = spy.mock.calls.map(([query]: unknown[]) => textOf(query)).filter((text) => !background.test(text));
    const lists = /\$\d+(,\s*\$\d+)*|(?<= limit )\d+/g;
    return texts.map((text) => text.replaceAll(lists, '$').replaceAll(/\s+/g, ' '));
  } finally {
    spy.mockRestore();
  }
}

it('takes as many statements for 50 generations with all that belongs to them as for 5', async () => {
  // The first use of a key looks it up.
  await statementsOf(1);
  // Again where something in the background came in between.
  const many = await eventually(async () => {
    const few = await statementsOf(5);
    const found = await statementsOf(50);
    expect(found.sort()).toEqual(few.sort());
    return found;
  });
  // The page; profiles with their bindings, attempts, images and events of it; and once more below the events.
  expect(many.length).toBeGreaterThan(6);
  expect(many.length).toBeLessThanOrEqual(16);
});

const brief = z.object({
  generations: z.object({
    nodes: z.array(z.record(z.string(), z.unknown())),
    pageInfo: z.object({ hasNextPage: z.boolean() }),
  }),
});
const listed =
  'id version status control provider prompt createdAt updatedAt finishedAt profile { slug } images { url }';

it.each([1, 9, 10, 11, 20, 21, 50, 59, 60, 100])('gives a page of %i as long as asked for', async (first) => {
  const ask = `query ($first: Int!) { generations(first: $first) { nodes { id } pageInfo { hasNextPage } } }`;
  const { nodes, pageInfo } = (await darkroom.api.ask(brief, ask, { first })).generations;
  expect(nodes).toHaveLength(Math.min(first, 60));
  expect(pageInfo.hasNextPage).toBe(first < 60);
});

it.each([
  ['plainly', 'nodes { id ...F __typename }'],
  ['below edges', 'edges { node { other: deadline } } nodes { id ...F __typename }'],
  ['in fragments of fragments', 'nodes { ... on Generation { ...G } ... @include(if: false) { deadline } __typename }'],
  ['twice', 'nodes { id __typename } nodes { ...F promptSent @skip(if: true) }'],
])('gives the same values of a page %s, however few fields are asked for', async (_how, selection) => {
  const few = `{ generations(first: 7) { ${selection} pageInfo { hasNextPage } } }
    fragment F on Generation { ${listed} } fragment G on Generation { id ...F }`;
  const all = `{ generations(first: 7) { nodes { ${listed} deadline __typename } pageInfo { hasNextPage } } }`;
  const { nodes } = (await darkroom.api.ask(brief, few.includes('...G') ? few : few.replace(/ fragment G.*$/, ''), {}))
    .generations;
  const full = (await darkroom.api.ask(brief, all, {})).generations.nodes;
  expect(nodes).toEqual(full.map(({ deadline: _deadline, ...rest }) => rest));
});
