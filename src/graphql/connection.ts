import { DarkroomError } from '../errors.js';
import { Field, ObjectType } from './decorators.js';

export const pageBounds = { byDefault: 20, maximum: 100 } as const;

@ObjectType({ description: 'Where a page lies in its list.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether entries follow.' })
  hasNextPage: boolean;

  @Field(() => Boolean, {
    description: 'Whether entries come before: true when the page was asked for with `after`.',
  })
  hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first entry.' })
  startCursor: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last entry: give it as `after` for the next page.',
  })
  endCursor: string | null;
}

export type Connection<T> = { edges: { node: T; readonly cursor: string }[]; nodes: T[]; pageInfo: PageInfo };

/** An entry of a list, whose cursor is made only when it is asked for. */
export class Edge<T> {
  readonly #makeCursor: () => string;

  constructor(
    readonly node: T,
    makeCursor: () => string,
  ) {
    this.#makeCursor = makeCursor;
  }

  get cursor(): string {
    return this.#makeCursor();
  }
}

const cursorPattern = /^v1:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function cursorOf(key: string): string {
  return Buffer.from(`v1:${key}`).toString('base64url');
}

/** The page asked for: one row more than `first` is to be read, to know whether more follow. */
export function windowOf(first: number, after: string | null | undefined): { first: number; after: string | null } {
  if (first < 1 || first > pageBounds.maximum) {
    throw new DarkroomError('BAD_REQUEST', `first must be from 1 to ${pageBounds.maximum}; ${first} was given.`);
  }
  if (after == null) return { first: first + 1, after: null };
  const key = cursorPattern.exec(Buffer.from(after, 'base64url').toString('utf8'))?.[1];
  if (key === undefined) throw new DarkroomError('BAD_REQUEST', 'after is no cursor of this list.');
  return { first: first + 1, after: key };
}

/** Turns `first + 1` rows into a connection of at most `first`. */
export function connectionOf<Row extends { id: string }, T>(
  rows: readonly Row[],
  window: { first: number; after: string | null },
  toNode: (row: Row) => T,
): Connection<T> {
  const shownRows = rows.slice(0, window.first - 1);
  const edges = shownRows.map((row) => new Edge(toNode(row), () => cursorOf(row.id)));
  return {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: rows.length === window.first,
      hasPreviousPage: window.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
