import Fastify from 'fastify';
import mercurius from 'mercurius';
import { endOnSignal, insertOne, openSql, pageOf, richPageOf, type SubmitInput } from './pages.ts';

// Mercurius with its compiler on and plain SQL below: the quickest GraphQL server on Fastify.
const { sql, projectId } = openSql();
const app = Fastify();

const schema = `
  scalar DateTime
  input SubmitInput { prompt: String!, width: Int, height: Int, steps: Int, guidance: Float, seed: Int }
  type Submitted { id: ID!, status: String!, createdAt: DateTime! }
  type SubmitPayload { generation: Submitted }
  type Generation { id: ID!, status: String!, prompt: String!, createdAt: DateTime! }
  type Page { nodes: [Generation!]! }
  type Parameters { width: Int, height: Int, steps: Int, guidance: Float }
  type Profile { slug: String!, name: String! }
  type Image { url: String!, width: Int!, height: Int!, thumbhash: String! }
  type RichGeneration {
    id: ID!, status: String!, prompt: String!, promptSent: String!, control: String!, createdAt: DateTime!,
    finishedAt: DateTime, parameters: Parameters!, profile: Profile, images: [Image!]!
  }
  type RichPage { nodes: [RichGeneration!]! }
  type Query { generations(first: Int!): Page!, richGenerations(first: Int!): RichPage! }
  type Mutation { submit(input: SubmitInput!): SubmitPayload! }
`;

type Page = { first: number };

await app.register(mercurius, {
  schema,
  resolvers: {
    Query: {
      generations: async (_root: unknown, { first }: Page) => ({ nodes: await pageOf(sql, projectId, first) }),
      richGenerations: async (_root: unknown, { first }: Page) => ({ nodes: await richPageOf(sql, projectId, first) }),
    },
    Mutation: {
      submit: async (_root: unknown, { input }: { input: SubmitInput }) => ({
        generation: await insertOne(sql, projectId, input),
      }),
    },
  },
  jit: 1,
});

endOnSignal(async () => await app.close());
console.log(`listening ${await app.listen({ host: '127.0.0.1', port: 0 })}`);
