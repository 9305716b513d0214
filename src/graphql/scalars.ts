import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';

export { GraphQLJSON as Json };

/** The library's, whose way to write a time checks the text that it has just made; a page has many of them. */
export const DateTime = new GraphQLScalarType<Date, Date | string>({
  ...GraphQLDateTimeISO.toConfig(),
  serialize: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : GraphQLDateTimeISO.serialize(value),
});

function safeInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError(`SafeInt must be a whole number from -(2^53 - 1) to 2^53 - 1, not ${JSON.stringify(value)}.`);
}

/** GraphQL's Int ends at 32 bits, too few for seeds, bytes and money. */
export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description: 'A whole number from -(2^53 - 1) to 2^53 - 1, the range that JSON numbers keep exactly.',
  serialize: safeInteger,
  parseValue: safeInteger,
  parseLiteral(node) {
    if (node.kind === Kind.INT) return safeInteger(Number(node.value));
    throw new GraphQLError('SafeInt must be a whole number.', { nodes: node });
  },
});
