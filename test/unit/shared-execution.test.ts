import { buildSchema, parse, type GraphQLSchema } from 'graphql';
import { expect, it } from 'vitest';
import { createSubscribe } from '../../src/server/shared-execution.js';
import { viewer } from './fakes.js';

const schema: GraphQLSchema = buildSchema(`
  type Query { no: Boolean }
  type Subscription { told(filter: String): Told! }
  type Told { count: Int! plus(n: Int!): Int! }
`);

/** Values that all streams are given, and how often their field was resolved. */
function make(values: number) {
  const state = { count: 0 };
  const told = Array.from({ length: values }, () => ({
    told: { count: () => (state.count += 1), plus: ({ n }: { n: number }) => n },
  }));
  const subscribe = createSubscribe();
  async function hear(
    query: string,
    { variables = {}, keyId = viewer.keyId }: { variables?: Record<string, unknown>; keyId?: string } = {},
  ): Promise<unknown[]> {
    const stream = await subscribe({
      schema,
      document: parse(query),
      rootValue: {
        told: () =>
          (async function* () {
            yield* told;
          })(),
      },
      contextValue: { viewer: { ...viewer, keyId }, requestId: '1' },
      variableValues: variables,
      operationName: null,
    });
    if (!(Symbol.asyncIterator in stream)) return [stream];
    const heard: unknown[] = [];
    for await (const { data, errors } of stream) heard.push(errors ?? data?.['told']);
    return heard;
  }
  return { state, hear };
}

const withFilter = 'subscription ($f: String) { told(filter: $f) { count } }';

it('executes a value once for all who ask for the same of it, whatever they filter by', async () => {
  const { state, hear } = make(3);
  const all = await Promise.all(['a', 'b', 'a'].map(async (f) => await hear(withFilter, { variables: { f } })));
  expect(state.count).toBe(3);
  for (const heard of all) expect(heard).toEqual([{ count: 1 }, { count: 2 }, { count: 3 }]);
});

it.each([
  ['another document', 'subscription { told { n: count } }', {}],
  ['another key', withFilter, { keyId: 'other' }],
])('executes it anew for %s', async (_what, query, options) => {
  const { state, hear } = make(1);
  await hear(withFilter);
  await hear(query, options);
  expect(state.count).toBe(2);
});

it.each([
  'subscription ($n: Int!) { told { plus(n: $n) } }',
  'subscription ($n: Int!) { ...S } fragment S on Subscription { told { plus(n: $n) } }',
  'subscription ($n: Int!) { ... on Subscription { told { plus(n: $n) } } }',
])('executes it anew for other variables in %s', async (query) => {
  const { hear } = make(1);
  expect(await hear(query, { variables: { n: 1 } })).toEqual([{ plus: 1 }]);
  expect(await hear(query, { variables: { n: 2 } })).toEqual([{ plus: 2 }]);
});

it('tells what a subscription was refused for', async () => {
  const { hear } = make(1);
  expect(await hear('subscription ($n: Int!) { told { plus(n: $n) } }')).toMatchObject([
    { errors: [{ message: expect.stringContaining('$n') }] },
  ]);
});
