import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, expectTypeOf, it } from 'vitest';
import type {
  ControlKind,
  FollowedEvent,
  FollowedGeneration,
  FollowFilter,
  GenerationStatus,
  WireMessage,
} from '../../src/client/document.js';
import { followDocument } from '../../src/client/document.js';
import { createGuard } from '../../src/server/guard.js';
import type * as domain from '../../src/domain/lifecycle.js';
import type { FollowSubscription, FollowSubscriptionVariables } from '../../examples/generated/graphql.js';
import { viewer } from './fakes.js';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const own = readFileSync('test/support/follow.graphql', 'utf8');

it('asks what the schema has, within every limit', () => {
  expect(validate(schema, parse(followDocument))).toEqual([]);
  const variables = { filter: {}, after: null };
  expect(() => createGuard(schema)(parse(followDocument), null, variables, viewer)).not.toThrow();
});

it('has the types that the schema gives it', () => {
  // The types were generated from this copy.
  expect(own.replaceAll(/\s+/g, ' ').trim()).toBe(followDocument.replaceAll(/\s+/g, ' ').trim());
  type Message = FollowSubscription['generationEvents'];
  type Told<Name> = Extract<Message, { __typename: Name }>;
  expectTypeOf<Message['__typename']>().toEqualTypeOf<WireMessage['__typename']>();
  expectTypeOf<Told<'GenerationEvent'>>().toExtend<{ __typename: 'GenerationEvent' } & FollowedEvent>();
  expectTypeOf<Told<'EventsSnapshot'>['running'][number]>().toExtend<FollowedGeneration>();
  expectTypeOf<Told<'EventsEnd'>>().toExtend<Extract<WireMessage, { __typename: 'EventsEnd' }>>();
  expectTypeOf<GenerationStatus>().toEqualTypeOf<domain.GenerationStatus>();
  expectTypeOf<ControlKind>().toEqualTypeOf<domain.ControlKind>();
  type Given = NonNullable<FollowSubscriptionVariables['filter']>;
  expectTypeOf<keyof FollowFilter>().toEqualTypeOf<keyof Given>();
});
