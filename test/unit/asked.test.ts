import { Kind, parse, type FieldNode, type FragmentDefinitionNode, type OperationDefinitionNode } from 'graphql';
import { expect, it } from 'vitest';
import { fieldsAsked } from '../../src/graphql/asked.js';

/** What is asked for below the first field of a document. */
function asked(text: string, path: string[]): string[] {
  const { definitions } = parse(text);
  const fragments = Object.fromEntries(
    definitions
      .filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION)
      .map((each) => [each.name.value, each]),
  );
  const operation = definitions.find(
    (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
  );
  const fieldNodes = (operation?.selectionSet.selections ?? []).filter(
    (each): each is FieldNode => each.kind === Kind.FIELD,
  );
  return [...fieldsAsked({ fieldNodes, fragments }, path)].toSorted();
}

it.each<[string, string, string[], string[]]>([
  ['plain fields', '{ page { nodes { a b } } }', ['nodes'], ['a', 'b']],
  ['fields under another name', '{ page { list: nodes { x: a } } }', ['nodes'], ['a']],
  ['a longer path', '{ page { edges { node { a { deep } } cursor } } }', ['edges', 'node'], ['a']],
  ['nothing where the path is not asked for', '{ page { other { a } } }', ['nodes'], []],
  ['a field asked for twice', '{ page { nodes { a } nodes { b } } }', ['nodes'], ['a', 'b']],
  ['a root field asked for twice', '{ page { nodes { a } } page { nodes { b } } }', ['nodes'], ['a', 'b']],
  ['inline fragments', '{ page { ... { nodes { ... on T { a } b } } } }', ['nodes'], ['a', 'b']],
  [
    'fragments of fragments',
    '{ page { ...P } } fragment P on Page { nodes { ...Q } } fragment Q on T { a ...R } fragment R on T { b }',
    ['nodes'],
    ['a', 'b'],
  ],
  ['what is skipped too', '{ page { nodes { a @skip(if: true) } } }', ['nodes'], ['a']],
])('finds %s', (_what, text, path, names) => {
  expect(asked(text, path)).toEqual(names);
});
