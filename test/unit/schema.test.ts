import { readFileSync } from 'node:fs';
import {
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { attemptStates, controlKinds, generationStatuses, moderationStages } from '../../src/domain/lifecycle.js';
import { refusalCodes } from '../../src/domain/refusal.js';
import { createSchema } from '../../src/graphql/schema.js';

const schema = await createSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

type Described = { place: string; description: string | null | undefined };

/** The type itself and everything in it that can have a description. */
function described(type: GraphQLNamedType): Described[] {
  const found: Described[] = [{ place: type.name, description: type.description }];
  const fieldsOf = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
  for (const field of fieldsOf) {
    found.push({ place: `${type.name}.${field.name}`, description: field.description });
    for (const argument of field.args) {
      found.push({ place: `${type.name}.${field.name}(${argument.name}:)`, description: argument.description });
    }
  }
  const inside = isInputObjectType(type) ? Object.values(type.getFields()) : isEnumType(type) ? type.getValues() : [];
  for (const each of inside) found.push({ place: `${type.name}.${each.name}`, description: each.description });
  return found;
}

function valuesOf(name: string): string[] {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
}

describe('the schema', () => {
  it('is the one in schema.graphql; after a change run `npm run schema`', () => {
    const committed = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(committed, 'schema.graphql is out of date: run `npm run schema`').toBe(
      `${printSchema(lexicographicSortSchema(schema))}\n`,
    );
  });

  it('describes every type, field, argument and enum value', () => {
    const silent = types.flatMap(described).filter(({ description }) => (description ?? '').trim() === '');
    expect(silent.map(({ place }) => place)).toEqual([]);
  });

  it.each([
    ['GenerationStatus', generationStatuses],
    ['AttemptState', attemptStates],
    ['ControlKind', controlKinds],
    ['ModerationStage', moderationStages],
    ['UserErrorCode', Object.keys(refusalCodes)],
  ])('has in %s exactly the words of the domain', (name, words) => {
    expect(valuesOf(name).toSorted()).toEqual([...words].toSorted());
  });

  it('marks what a caller must choose one of', () => {
    const input = schema.getType('ImageInput');
    expect(isInputObjectType(input) && input.isOneOf).toBe(true);
  });
});
