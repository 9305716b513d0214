import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON } from 'graphql-scalars';

export { GraphQLJSON as Json };

/** The library's, whose way to write a time checks the text that it has just made; a page has many of them. */
export const DateTime = new GraphQLScalarType<Date, Date | string>({
  ...GraphQLDateTimeISO.toConfig(),
  serialize: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : GraphQLDateTimeISO.serialize(value),
});

/** `written`: as it came, where that is not what was made of it. */
function safeInteger(value: unknown, written: string = JSON.stringify(value)): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError(`SafeInt must be a whole number from -(2^53 - 1) to 2^53 - 1; ${written} was given.`);
}

/** GraphQL's Int ends at 32 bits, too few for seeds, bytes and money. */
export const SafeInt = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description: 'A whole number from -(2^53 - 1) to 2^53 - 1, the range that JSON numbers keep exactly.',
  serialize: (value) => safeInteger(value),
  parseValue: (value) => safeInteger(value),
  parseLiteral(node) {
    if (node.kind === Kind.INT) return safeInteger(Number(node.value), node.value);
    throw new GraphQLError('SafeInt must be a whole number.', { nodes: node });
  },
});
