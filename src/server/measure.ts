import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

/** How heavy an operation is. */
export type Weight = {
  /** Levels of nesting. */
  depth: number;
  /** Fields under another name. */
  aliases: number;
  /** Fields that may come back, each list counted by its `first` (given or default) or as `assumedLength` entries. */
  cost: number;
};

/** Entries of a list that names no length. */
const assumedLength = 5;

const nothing: Weight = { depth: 0, aliases: 0, cost: 0 };

/** Weighs a validated operation without running it. Introspection weighs nothing: its answer is always the same. */
export function measure(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Weight {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  // A fragment weighs the same wherever it is spread; weighed once, nested spreads cannot blow up.
  const weighed = new Map<string, Weight>();

  function selection(set: SelectionSetNode, parent: GraphQLNamedType | undefined): Weight {
    let total = nothing;
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) total = add(total, field(node, parent));
      else if (node.kind === Kind.INLINE_FRAGMENT) {
        const name = node.typeCondition?.name.value;
        total = add(total, selection(node.selectionSet, name === undefined ? parent : schema.getType(name)));
      } else total = add(total, spread(node.name.value));
    }
    return total;
  }

  function spread(name: string): Weight {
    const known = weighed.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    if (fragment === undefined) return nothing;
    const weight = selection(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    weighed.set(name, weight);
    return weight;
  }

  function field(node: FieldNode, parent: GraphQLNamedType | undefined): Weight {
    if (node.name.value.startsWith('__')) return nothing;
    const aliases = node.alias === undefined ? 0 : 1;
    const fields = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields() : {};
    const definition = fields[node.name.value];
    const type = definition?.type;
    const named = type === undefined ? undefined : getNamedType(type);
    if (node.selectionSet === undefined || !isCompositeType(named)) return { depth: 1, aliases, cost: 1 };
    const inner = selection(node.selectionSet, named);
    const asked = first(node, definition);
    const isList = type !== undefined && isListType(getNullableType(type));
    // `nodes` and `edges` of a page are counted by the page's own `first`.
    const inPage = parent?.name.endsWith('Connection') === true;
    const length = asked ?? (isList && !inPage ? assumedLength : 1);
    return { depth: inner.depth + 1, aliases: inner.aliases + aliases, cost: 1 + length * inner.cost };
  }

  /** The length asked for, or else the default of the variable or the argument; null where lengths are not asked for. */
  function first(node: FieldNode, definition: GraphQLField<unknown, unknown> | undefined): number | null {
    const argument = node.arguments?.find((each) => each.name.value === 'first')?.value;
    const declared = definition?.args.find((each) => each.name === 'first');
    if (argument === undefined && declared === undefined) return null;
    const given = argument?.kind === Kind.VARIABLE ? variableOf(argument.name.value) : literalOf(argument);
    const length = Number(given ?? declared?.defaultValue ?? assumedLength);
    return Number.isFinite(length) && length > 0 ? length : 1;
  }

  function variableOf(name: string): unknown {
    const definition = operation.variableDefinitions?.find((each) => each.variable.name.value === name);
    return variables[name] ?? literalOf(definition?.defaultValue);
  }

  return selection(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
}

function literalOf(node: ValueNode | undefined): unknown {
  return node !== undefined && 'value' in node ? node.value : null;
}

function add(a: Weight, b: Weight): Weight {
  return { depth: Math.max(a.depth, b.depth), aliases: a.aliases + b.aliases, cost: a.cost + b.cost };
}
