import { buildSchema, getIntrospectionQuery, getOperationAST, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { operationLimits } from '../../src/server/guard.js';
import { measure, type Weight } from '../../src/server/measure.js';

const schema = buildSchema(`
  interface Node { id: ID! }
  type Query { thing: Thing node(id: ID!): Node things(first: Int = 20, after: String, last: Int): ThingConnection! all: [Thing!]! found: [Found!] }
  type Mutation { make(name: String): Thing }
  union Found = Thing | Other
  type Other implements Node { id: ID! word: String }
  type Thing implements Node {
    id: ID! name: String friend: Thing list: [Thing!] tags: [String!]!
    things(first: Int, after: String): ThingConnection!
  }
  type ThingConnection { edges: [ThingEdge!]! nodes: [Thing!]! }
  type ThingEdge { node: Thing! cursor: String! }
`);

function weigh(text: string, variables: Record<string, unknown> = {}): Weight {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('No single operation.');
  return measure(schema, document, operation, variables);
}

describe('the weight of', () => {
  it.each([
    ['one field', '{ thing { id } }', { depth: 2, aliases: 0, cost: 2 }],
    ['fields side by side', '{ thing { id name tags } }', { depth: 2, aliases: 0, cost: 4 }],
    ['the deepest of several branches', '{ thing { id friend { friend { id } } } }', { depth: 4, aliases: 0, cost: 5 }],
    ['every alias', '{ a: thing { x: id y: id name } b: thing { id } }', { depth: 2, aliases: 4, cost: 6 }],
    ['a list of unknown length as five', '{ all { id } }', { depth: 2, aliases: 0, cost: 6 }],
    ['lists in lists multiplied', '{ all { list { id } } }', { depth: 3, aliases: 0, cost: 31 }],
    ['a list of plain values as one', '{ thing { tags } }', { depth: 2, aliases: 0, cost: 2 }],
    ['a mutation', 'mutation { make(name: "x") { id } }', { depth: 2, aliases: 0, cost: 2 }],
    ['an inline fragment', '{ thing { ... on Thing { id } ... { name } } }', { depth: 2, aliases: 0, cost: 3 }],
    ['an interface', '{ node(id: 1) { id ... on Other { word } } }', { depth: 2, aliases: 0, cost: 3 }],
    [
      'a union',
      '{ found { __typename ... on Thing { id } ... on Other { word } } }',
      { depth: 2, aliases: 0, cost: 11 },
    ],
  ])('%s', (_, text, weight) => {
    expect(validate(schema, parse(text))).toEqual([]);
    expect(weigh(text)).toEqual(weight);
  });
});

describe('the cost of a page', () => {
  const costOf = (first: string, variables?: Record<string, unknown>): number =>
    weigh(`query ($n: Int, $d: Int = 50) { things(${first}after: null) { nodes { id } } }`, variables).cost;

  it('counts its entries by what it asks for', () => {
    expect(costOf('first: 1, ')).toBe(1 + 1 * 2);
    expect(costOf('first: 100, ')).toBe(1 + 100 * 2);
  });

  it('counts its edges once, not once more as a list', () => {
    expect(weigh('{ things(first: 10) { edges { cursor node { id } } } }').cost).toBe(1 + 10 * 4);
  });

  it('reads a variable', () => {
    expect(costOf('first: $n, ', { n: 70 })).toBe(1 + 70 * 2);
    expect(costOf('first: $n, ', { n: '70' })).toBe(1 + 70 * 2);
  });

  it('counts what is asked for from the end', () => {
    expect(weigh('{ things(last: 80) { nodes { id } } }').cost).toBe(1 + 80 * 2);
    expect(weigh('query ($n: Int) { things(first: 1, last: $n) { nodes { id } } }', { n: 90 }).cost).toBe(1 + 90 * 2);
    expect(weigh('{ things(first: 90, last: 1) { nodes { id } } }').cost).toBe(1 + 90 * 2);
  });

  it("counts the variable's default, and then the argument's, when nothing is given", () => {
    expect(costOf('first: $d, ')).toBe(1 + 50 * 2);
    expect(costOf('first: $d, ', { d: 7 })).toBe(1 + 7 * 2);
    expect(costOf('first: $n, ')).toBe(1 + 20 * 2);
    expect(costOf('')).toBe(1 + 20 * 2);
  });

  it('counts five where there is no default', () => {
    expect(weigh('{ thing { things { nodes { id } } } }').cost).toBe(2 + 5 * 2);
  });

  it.each(['first: 0, ', 'first: -5, ', 'first: "x", ', 'first: [3], '])('takes %j for one at least', (first) => {
    expect(costOf(first)).toBeGreaterThanOrEqual(1 + 1 * 2);
    expect(Number.isFinite(costOf(first))).toBe(true);
  });

  it('cannot be lowered by a strange variable', () => {
    for (const n of [-1, 0, 'x', {}, [], Number.NaN, Infinity, true]) {
      expect(costOf('first: $n, ', { n })).toBeGreaterThanOrEqual(1 + 1 * 2);
    }
  });

  it('that is longer than any page may be is that of the longest, for the page itself is refused by its field', () => {
    expect(costOf('first: 100000, ')).toBe(costOf('first: 1000, '));
    expect(costOf('first: $n, ', { n: 2 ** 31 })).toBe(1 + 1_000 * 2);
  });

  it('multiplies pages in pages', () => {
    const text = '{ things(first: 10) { nodes { things(first: 20) { nodes { id } } } } }';
    expect(weigh(text).cost).toBe(1 + 10 * (1 + 1 + 20 * 2));
  });
});

describe('a fragment', () => {
  it('weighs at each place what its fields would weigh there', () => {
    const spread = weigh('{ a: all { ...f } thing { ...f } } fragment f on Thing { id x: name friend { id } }');
    const written = weigh('{ a: all { id x: name friend { id } } thing { id x: name friend { id } } }');
    expect(spread).toEqual(written);
  });

  it('counts a depth hidden in spreads', () => {
    const text = '{ thing { ...a } } fragment a on Thing { friend { ...b } } fragment b on Thing { friend { id } }';
    expect(weigh(text).depth).toBe(4);
  });

  it('that doubles at each of many levels is weighed once a level, and at its full weight', () => {
    const levels = 200;
    const fragments = Array.from(
      { length: levels },
      (_, n) => `fragment f${n} on Thing { a: friend { ...f${n + 1} } b: friend { ...f${n + 1} } }`,
    );
    const weight = weigh(`{ thing { ...f0 } } ${fragments.join(' ')} fragment f${levels} on Thing { id }`);
    expect(weight.depth).toBe(levels + 2);
    expect(weight.cost).toBeGreaterThan(2 ** levels);
    expect(weight.aliases).toBeGreaterThan(2 ** levels);
  });

  it('that spreads side by side at each of many levels is weighed once a level', () => {
    const levels = 500;
    const fragments = Array.from({ length: levels }, (_, n) => `fragment f${n} on Thing { ...f${n + 1} ...f${n + 1} }`);
    const weight = weigh(`{ thing { ...f0 } } ${fragments.join(' ')} fragment f${levels} on Thing { id }`);
    expect(weight.depth).toBe(2);
    expect(weight.cost).toBe(1 + 2 ** levels);
  });

  it('that nobody uses weighs nothing', () => {
    expect(weigh('{ thing { id } } fragment f on Thing { list { list { list { id } } } }').cost).toBe(2);
  });
});

describe('introspection', () => {
  it('as every tool asks it is not deep, and costs something', () => {
    const weight = weigh(getIntrospectionQuery());
    expect(weight).toMatchObject({ depth: 0, aliases: 0 });
    expect(weight.cost).toBeGreaterThan(1_000);
    expect(weight.cost).toBeLessThan(operationLimits.cost);
  });

  it('counts its lists, and lists in them multiplied', () => {
    const length = weigh('{ __schema { types { name } } }').cost - 2;
    expect(length).toBeGreaterThan(1);
    expect(weigh('{ __schema { types { fields { name } } } }').cost).toBe(2 + length * (1 + length));
    expect(weigh('{ __type(name: "Thing") { name } }').cost).toBe(2);
  });

  it('costs more with each turn of the endless ways through it', () => {
    const turns = (count: number): string =>
      `{ __schema { types { ${'fields { type { '.repeat(count)}name${' } }'.repeat(count)} } } }`;
    expect(weigh(turns(2)).cost).toBeLessThan(operationLimits.cost);
    expect(weigh(turns(5)).cost).toBeGreaterThan(operationLimits.cost);
  });

  it('counts its aliases, and does not hide what stands beside it', () => {
    expect(weigh('{ a: __typename b: __schema { x: __typename } }').aliases).toBe(3);
    expect(weigh('{ __schema { types { name } } thing { friend { id } } }').depth).toBe(3);
  });
});

it('a preview of edges and the running generations of a snapshot cost more than a reading', () => {
  const ours = buildSchema(`
    type Query { cannyPreview: Preview! }
    type Preview { png: String! }
    type Subscription { events: EventsSnapshot! }
    type EventsSnapshot { running: [Preview!]! }
  `);
  const costOf = (text: string): number => {
    const document = parse(text);
    const operation = getOperationAST(document);
    return operation == null ? 0 : measure(ours, document, operation, {}).cost;
  };
  expect(costOf('{ cannyPreview { png } }')).toBe(5_001);
  expect(costOf('subscription { events { running { png } } }')).toBe(1 + 500 + 5);
});

it('a variable, a fragment or a field that is missing is no fault: validation tells it', () => {
  expect(weigh('{ things(first: $gone) { nodes { ...gone } } strange { id } }').depth).toBeGreaterThan(0);
});
