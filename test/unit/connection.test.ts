import { describe, expect, it } from 'vitest';
import { connectionOf, pageBounds, windowOf } from '../../src/graphql/connection.js';
import { idAt } from './fakes.js';

type Row = { id: string };
const list: Row[] = Array.from({ length: 45 }, (_, n) => ({ id: idAt(100 - n) }));

/** What the store does: so many rows after (older than) the key. */
const read = ({ first, after }: { first: number; after: string | null }): Row[] =>
  list.filter(({ id }) => after === null || id < after).slice(0, first);
const page = (first: number, after: string | null): ReturnType<typeof connectionOf<Row, string>> => {
  const window = windowOf(first, after);
  return connectionOf(read(window), window, ({ id }) => `node ${id}`);
};

describe('a list read page by page', () => {
  it.each([1, 7, 20, 45, 100])('of %d at a time shows everything once, in order', (first) => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { nodes, pageInfo } = page(first, after);
      seen.push(...nodes);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(list.map(({ id }) => `node ${id}`));
  });

  it('knows what lies before and after', () => {
    const start = page(20, null);
    const middle = page(20, start.pageInfo.endCursor);
    const end = page(20, middle.pageInfo.endCursor);
    const flags = [start, middle, end].map(({ pageInfo }) => [pageInfo.hasPreviousPage, pageInfo.hasNextPage]);
    expect(flags).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
    expect(end.nodes).toHaveLength(5);
  });

  it('has no next page when it ends with the page', () => {
    expect(page(45, null).pageInfo.hasNextPage).toBe(false);
    expect(page(44, null).pageInfo.hasNextPage).toBe(true);
  });

  it('gives the same as edges, with a cursor each', () => {
    const { edges, nodes, pageInfo } = page(3, null);
    expect(edges.map(({ node }) => node)).toEqual(nodes);
    expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor, edges[2]?.cursor]);
    expect(new Set(edges.map(({ cursor }) => cursor)).size).toBe(3);
  });

  it('may be empty', () => {
    const { cursor = null } = page(100, null).edges.at(-1) ?? {};
    expect(page(5, cursor)).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
  });
});

describe('a cursor', () => {
  it('leads back to its key', () => {
    const cursor = page(1, null).pageInfo.endCursor;
    expect(windowOf(1, cursor)).toEqual({ first: 2, after: list[0]?.id });
  });

  it.each([
    '',
    ' ',
    'garbage',
    '🦊',
    '%00',
    'null',
    idAt(1),
    encode(idAt(1)),
    encode(`v2:${idAt(1)}`),
    encode(`v1:${idAt(1)}0`),
    encode(`v1:${idAt(1).slice(1)}`),
    encode(`v1: ${idAt(1)}`),
    encode(`v1:${idAt(1)}\n`),
    encode(`v1:${idAt(1)}'; drop table generation; --`),
    encode('v1:'),
  ])('is not %j', (after) => {
    expect(() => windowOf(5, after)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  });

  it('may be left out', () => {
    expect(windowOf(5, null)).toEqual({ first: 6, after: null });
    expect(windowOf(5, undefined)).toEqual({ first: 6, after: null });
  });
});

it.each([0, -1, pageBounds.maximum + 1, 1e9])('a page of %d is refused, with the bounds', (first) => {
  expect(() => windowOf(first, null)).toThrow(`first must be from 1 to 100; ${first} was given.`);
});

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
