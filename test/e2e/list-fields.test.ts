import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { publicId } from '../../src/domain/ids.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { writePast } from '../support/history.js';

let darkroom: Darkroom;
let own: Awaited<ReturnType<Darkroom['addProject']>>;
let ids: string[];

beforeAll(async () => {
  darkroom = await startDarkroom();
  own = await darkroom.addProject('own');
  const profileId = own.profileId.slice(4);
  const common = { projectId: own.projectId, profileId, full: true };
  const keys = await writePast(darkroom, [common, { ...common, status: 'FAILED' }]);
  ids = keys.map((key) => publicId('Generation', key));
  // All that the harness leaves empty, so that nothing equals only because nothing was read.
  await darkroom.sql(
    `update generation set prompt_sent = 'own, a jar', result_seed = 7, rating = 4, favourite = true, note = 'keep',
       error_message = 'It broke.', cost_estimated_micros = 60000, cost_quoted_micros = 59000, cost_settled_micros = 58000,
       started_at = created_at + interval '1 second', finished_at = created_at + interval '9 seconds'
     where id = any ($1::uuid[])`,
    keys,
  );
});

afterAll(async () => {
  await darkroom.stop();
});

const nodeSchema = z.record(z.string(), z.unknown());
const oneSchema = z.object({ generation: nodeSchema });
const listSchema = z.object({ generations: z.object({ nodes: z.tuple([nodeSchema, nodeSchema]) }) });

// A list reads no more columns than it is asked for, and each of these says itself what it needs.
const fields = [
  '__typename',
  'id',
  'version',
  'status',
  'control',
  'provider',
  'prompt',
  'createdAt',
  'updatedAt',
  'finishedAt',
  'profile { slug }',
  'model { id }',
  'images { url }',
  'controlImage { url }',
  'imagePrompt { url }',
  'attempts { n state }',
  'progress',
  'events { status at }',
  'error { code message }',
  'promptSent',
  'parameters { steps }',
  'seed',
  'tags',
  'rating favourite note',
  'cost { estimatedMicros quotedMicros settledMicros }',
  'timings { queuedMs runMs totalMs }',
  'startedAt',
  // With one of these whole generations are read.
  'subject',
  'route { model }',
];

it.each([...fields, fields.slice(0, -2).join(' '), fields.join(' ')])(
  'a list of which %s is asked for',
  async (field) => {
    const document = `query ($id: ID!) { generation(id: $id) { ${field} } }`;
    const [older, newer] = await Promise.all(
      ids.map(async (id) => (await own.api.ask(oneSchema, document, { id })).generation),
    );
    expect(older).not.toEqual({});
    for (const list of ['', '(filter: { provider: ["bfl"] })', '(orderBy: NEWEST, last: 2)', '(orderBy: OLDEST)']) {
      const { generations } = await own.api.ask(listSchema, `{ generations${list} { nodes { ${field} } } }`);
      const inOrder = list.includes('OLDEST') ? [older, newer] : [newer, older];
      expect(generations.nodes).toEqual(inOrder);
    }
  },
);
