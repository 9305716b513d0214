import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createGuard, operationLimits } from '../../src/server/guard.js';
import { viewer } from './fakes.js';

const schema = buildSchema(`
  type Query { thing: Thing things(first: Int! = 20): ThingConnection! }
  type Mutation { make: Thing }
  type Subscription { changed: Thing }
  type Thing { id: ID! friend: Thing things(first: Int! = 20): ThingConnection! }
  type ThingConnection { nodes: [Thing!]! }
`);
const guard = createGuard(schema);

function prepare(text: string, options: Partial<{ name: string; variables: object; viewer: null }> = {}): void {
  const { name = null, variables = null } = options;
  guard(parse(text), name, variables === null ? null : { ...variables }, options.viewer === null ? null : viewer);
}
const nested = (depth: number): string => `{ thing ${'{ friend '.repeat(depth - 2)}{ id }${' }'.repeat(depth - 2)} }`;
const aliased = (count: number): string =>
  `{ thing { ${Array.from({ length: count }, (_, n) => `a${n}: id`).join(' ')} } }`;
const tooComplex = (what: 'depth' | 'aliases' | 'cost'): unknown =>
  expect.objectContaining({
    code: 'QUERY_TOO_COMPLEX',
    message: expect.stringMatching(
      new RegExp(String.raw`^The operation's ${what} is \d+; at most ${operationLimits[what]} is allowed\.$`),
    ),
  });
function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}

describe('an operation', () => {
  it.each([
    ['depth', nested(operationLimits.depth), nested(operationLimits.depth + 1)],
    ['aliases', aliased(operationLimits.aliases), aliased(operationLimits.aliases + 1)],
  ] as const)('within the limit of %s passes, and beyond is refused with the limit', (what, good, bad) => {
    expect(thrownBy(() => prepare(good))).toBeNull();
    expect(thrownBy(() => prepare(bad))).toEqual(tooComplex(what));
  });

  it('is refused for its cost, which its variables decide', () => {
    const text =
      'query ($n: Int!) { things(first: $n) { nodes { things(first: $n) { nodes { id friend { id } } } } } }';
    expect(thrownBy(() => prepare(text, { variables: { n: 100 } }))).toBeNull();
    expect(thrownBy(() => prepare(text, { variables: { n: 1_000 } }))).toEqual(tooComplex('cost'));
  });

  it('is weighed alone when the document has several', () => {
    const text = `query Small { thing { id } } query Large ${nested(30)}`;
    expect(thrownBy(() => prepare(text, { name: 'Small' }))).toBeNull();
    expect(thrownBy(() => prepare(text, { name: 'Large' }))).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
  });

  it('that cannot be told is left to GraphQL, which runs nothing then', () => {
    expect(thrownBy(() => prepare('query A { thing { id } } query B { thing { id } }'))).toBeNull();
    expect(thrownBy(() => prepare('query A { thing { id } }', { name: 'C' }))).toBeNull();
  });
});

describe('without a credential', () => {
  it.each([
    '{ thing { id } }',
    '{ __typename thing { id } }',
    'mutation { make { id } }',
    'subscription { changed { id } }',
    '{ ...f } fragment f on Query { thing { id } }',
    '{ ... { thing { id } } }',
    '{ __schema: thing { id } }',
  ])('%s is refused', (text) => {
    expect(thrownBy(() => prepare(text, { viewer: null }))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it.each(['{ __typename }', getIntrospectionQuery(), '{ __type(name: "Thing") { name } }'])(
    'introspection is free: %s',
    (text) => {
      expect(thrownBy(() => prepare(text, { viewer: null }))).toBeNull();
    },
  );

  it('even free introspection has a limit', () => {
    const around = 'fields { type { '.repeat(6);
    const text = `{ __schema { types { ${around}name${' } }'.repeat(6)} } } }`;
    expect(thrownBy(() => prepare(text, { viewer: null }))).toEqual(tooComplex('cost'));
  });

  it('the credential is asked for before the weight is told', () => {
    expect(thrownBy(() => prepare(nested(99), { viewer: null }))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
