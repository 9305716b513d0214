import Fastify from 'fastify';
import { endOnSignal, insertOne, openSql, pageOf, richPageOf, type SubmitInput } from './pages.ts';

// Fastify and postgres.js with nothing between: the ceiling for a service in Node.
const { sql, projectId } = openSql();
const app = Fastify();

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const list = (items: object): object => ({ type: 'object', properties: { nodes: { type: 'array', items } } });
const brief = { id: text, status: text, prompt: text, createdAt: { type: 'string', format: 'date-time' } } as const;
const query = { type: 'object', properties: { first: { type: 'integer', minimum: 1, maximum: 100 } } } as const;

app.post<{ Body: SubmitInput }>(
  '/submit',
  {
    schema: {
      body: {
        type: 'object',
        required: ['prompt'],
        properties: {
          prompt: { type: 'string', minLength: 1, maxLength: 10_000 },
          width: { type: 'integer', minimum: 256, maximum: 1440, multipleOf: 32 },
          height: { type: 'integer', minimum: 256, maximum: 1440, multipleOf: 32 },
          steps: { type: 'integer', minimum: 1, maximum: 50 },
          guidance: { type: 'number', minimum: 1.5, maximum: 5 },
          seed: { type: 'integer' },
        },
      },
      response: { 200: { type: 'object', properties: { id: text, status: text, createdAt: text } } },
    },
  },
  async (request) => await insertOne(sql, projectId, request.body),
);

app.get<{ Querystring: { first: number } }>(
  '/page',
  { schema: { querystring: query, response: { 200: list({ type: 'object', properties: brief }) } } },
  async (request) => ({ nodes: await pageOf(sql, projectId, request.query.first) }),
);

const parameters = { type: 'object', properties: { width: number, height: number, steps: number, guidance: number } };
const rich = {
  ...brief,
  promptSent: text,
  control: text,
  finishedAt: { type: 'string', format: 'date-time' },
  parameters,
  profile: { type: 'object', properties: { slug: text, name: text } },
  images: {
    type: 'array',
    items: { type: 'object', properties: { url: text, width: number, height: number, thumbhash: text } },
  },
};
app.get<{ Querystring: { first: number } }>(
  '/rich',
  { schema: { querystring: query, response: { 200: list({ type: 'object', properties: rich }) } } },
  async (request) => ({ nodes: await richPageOf(sql, projectId, request.query.first) }),
);

endOnSignal(async () => await app.close());
console.log(`listening ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
