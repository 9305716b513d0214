import type { GraphQLResolveInfo } from 'graphql';
import { checkSearch } from '../domain/check-list.js';
import type { ListedGeneration } from '../domain/generation.js';
import type { ListFilter, ListOrder, ListPage, ListQuery, ListWindow } from '../domain/listing.js';
import { fieldsAsked } from './asked.js';
import { connectionOf, Edge, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import { generationNode, type Generation } from './generation-types.js';
import { fieldsToRead, ListedNode } from './listed-generation.js';
import { cursorOf, isPlain, listWindow, type WindowArgs } from './list-cursor.js';

/** A page that knows what list it is of. */
export type Listed<Node> = Connection<Node> & { query: ListQuery };

type Asked = WindowArgs & { filter: ListFilter; search?: string | null; orderBy: ListOrder };

/** A page of any list of generations, with no more columns than are asked for. */
export async function listGenerations(
  context: Context,
  { filter, search = null, orderBy, ...window }: Asked,
  info: GraphQLResolveInfo,
): Promise<Listed<Generation | ListedNode>> {
  const query: ListQuery = { filter, search, orderBy };
  checkSearch(query);
  const wanted = listWindow(query, window);
  const { projectId } = viewerOf(context);
  const { history } = context.services;
  const asked = [...fieldsAsked(info, ['nodes']), ...fieldsAsked(info, ['edges', 'node'])];
  const brief = fieldsToRead(asked);
  if (isPlain(query) && !wanted.backwards) {
    // The list that is asked for most: its statement is the shortest, and stays prepared.
    const plain = { first: wanted.limit, after: wanted.place?.id ?? null };
    const page: Connection<Generation | ListedNode> =
      brief === null
        ? connectionOf(await history.page(projectId, plain), plain, generationNode)
        : connectionOf(await history.listed(projectId, plain, brief), plain, listedNode);
    return { ...page, query };
  }
  return brief === null
    ? pageOf(query, wanted, await history.list(projectId, query, wanted), generationNode)
    : pageOf(query, wanted, await history.listBriefly(projectId, query, wanted, brief), listedNode);
}

const listedNode = (row: ListedGeneration): ListedNode => new ListedNode(row);

function pageOf<Row, Node>(
  query: ListQuery,
  { limit, place, backwards }: ListWindow,
  { rows }: ListPage<Row>,
  toNode: (row: Row) => Node,
): Listed<Node> {
  const more = rows.length === limit;
  // The one row more is the last read: in a page read backwards that is the first.
  const shown = more ? (backwards ? rows.slice(1) : rows.slice(0, -1)) : rows;
  const edges = shown.map(({ row, place: at }) => new Edge(toNode(row), () => cursorOf(query, at)));
  return {
    query,
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: backwards ? place !== null : more,
      hasPreviousPage: backwards ? more : place !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
