import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
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
  /** Fields that may come back, each list counted by its `first` or `last` (given or default) or as `assumedLength` entries. */
  cost: number;
};

/** Entries of a list that names no length. */
const assumedLength = 5;

/** No page is longer; one that asks for more is refused by its field, with the range and what came. */
const longestPage = 1_000;

/** Entries of a list of types, fields or arguments in introspection. */
const introspectedLength = 8;

/** Fields that cost more than a reading: seconds of a processor for the edges of a large image. */
const extraCosts: Readonly<Record<string, number>> = {
  'Query.cannyPreview': 5_000,
  'Query.usage': 1_000,
  // Every cell is checked as a request of its own.
  'Query.planSweep': 2_000,
  'Mutation.generateSweep': 2_000,
  // Up to 1,000 generations are checked, or counted.
  'Mutation.planReplay': 10_000,
  'Replay.summary': 100,
  // Up to half a second of the database; counted by the length of the page, as all that is in one.
  'GenerationConnection.totalCount': 20,
  'EventsSnapshot.running': 500,
};

const nothing: Weight = { depth: 0, aliases: 0, cost: 0 };

/** Weighs a validated operation without running it. */
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
    const aliases = node.alias === undefined ? 0 : 1;
    if (node.name.value === '__typename') return { depth: 0, aliases, cost: 0 };
    const definition = definitionOf(node.name.value, parent);
    const type = definition?.type;
    const named = type === undefined ? undefined : getNamedType(type);
    if (node.selectionSet === undefined || !isCompositeType(named)) return { depth: 1, aliases, cost: 1 };
    const inner = selection(node.selectionSet, named);
    const lengths = [lengthBy('first', node, definition), lengthBy('last', node, definition)];
    const asked = lengths.every((each) => each === null) ? null : Math.max(...lengths.map((each) => each ?? 1));
    const isList = type !== undefined && isListType(getNullableType(type));
    // `nodes` and `edges` of a page are counted by the page's own `first`.
    const inPage = parent?.name.endsWith('Connection') === true;
    const introspects = named.name.startsWith('__');
    const length = asked ?? (isList && !inPage ? (introspects ? introspectedLength : assumedLength) : 1);
    const own = extraCosts[`${parent?.name}.${node.name.value}`] ?? 1;
    return {
      // The usual introspection query is deeper than any question; its cost bounds it.
      depth: introspects ? 0 : inner.depth + 1,
      aliases: inner.aliases + aliases,
      cost: own + length * inner.cost,
    };
  }

  /** The length asked for, or else the default of the variable or the argument; null where lengths are not asked for. */
  function lengthBy(
    name: 'first' | 'last',
    node: FieldNode,
    definition: ReturnType<typeof definitionOf>,
  ): number | null {
    const argument = node.arguments?.find((each) => each.name.value === name)?.value;
    const declared = definition?.args.find((each) => each.name === name);
    if (argument === undefined && (declared === undefined || name === 'last')) return null;
    const given = argument?.kind === Kind.VARIABLE ? variableOf(argument.name.value) : literalOf(argument);
    const length = Number(given ?? declared?.defaultValue ?? assumedLength);
    return Number.isFinite(length) && length > 0 ? Math.min(length, longestPage) : 1;
  }

  function variableOf(name: string): unknown {
    const definition = operation.variableDefinitions?.find((each) => each.variable.name.value === name);
    return variables[name] ?? literalOf(definition?.defaultValue);
  }

  return selection(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
}

function definitionOf(
  name: string,
  parent: GraphQLNamedType | undefined,
): Pick<GraphQLField<unknown, unknown>, 'type' | 'args'> | undefined {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

function literalOf(node: ValueNode | undefined): unknown {
  return node !== undefined && 'value' in node ? node.value : null;
}

function add(a: Weight, b: Weight): Weight {
  return { depth: Math.max(a.depth, b.depth), aliases: a.aliases + b.aliases, cost: a.cost + b.cost };
}
