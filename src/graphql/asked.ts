import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/**
 * The names of the fields that are asked for at the end of a path below the field being resolved, whatever aliases and
 * fragments it is written with. Those left out by @skip or @include count too.
 */
export function fieldsAsked(info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>, path: string[]): Set<string> {
  let level = info.fieldNodes.flatMap((node) => fieldsOf(node.selectionSet));
  for (const step of path) {
    level = level.filter((node) => node.name.value === step).flatMap((node) => fieldsOf(node.selectionSet));
  }
  return new Set(level.map((node) => node.name.value));

  function fieldsOf(set: SelectionSetNode | undefined): GraphQLResolveInfo['fieldNodes'] {
    return (set?.selections ?? []).flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node];
      const inner = node.kind === Kind.INLINE_FRAGMENT ? node : info.fragments[node.name.value];
      return fieldsOf(inner?.selectionSet);
    });
  }
}
