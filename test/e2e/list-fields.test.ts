import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { publicId } from '../../src/domain/ids.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { writePast } from '../support/history.js';

let darkroom: Darkroom;
let own: Awaited<ReturnType<Darkroom['addProject']>>;
let id: string;

beforeAll(async () => {
  darkroom = await startDarkroom();
  own = await darkroom.addProject('own');
  const profileId = own.profileId.slice(4);
  const [key = ''] = await writePast(darkroom, [{ projectId: own.projectId, profileId }]);
  id = publicId('Generation', key);
});

afterAll(async () => {
  await darkroom.stop();
});

const nodeSchema = z.record(z.string(), z.unknown());
const oneSchema = z.object({ generation: nodeSchema });
const listSchema = z.object({ generations: z.object({ nodes: z.tuple([nodeSchema]) }) });

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
  'parameters { width }',
  'seed',
];

it.each([...fields, fields.slice(0, -2).join(' '), fields.join(' ')])(
  'a list of which %s is asked for',
  async (field) => {
    const { generation } = await own.api.ask(oneSchema, `query ($id: ID!) { generation(id: $id) { ${field} } }`, {
      id,
    });
    for (const list of ['', '(filter: { provider: ["bfl"] })', '(orderBy: OLDEST)']) {
      const { generations } = await own.api.ask(listSchema, `{ generations${list} { nodes { ${field} } } }`);
      expect(generations.nodes).toEqual([generation]);
    }
  },
);
