import type { GenerationEvent as EventRecord } from '../domain/generation.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import { Field, Int, ObjectType } from './decorators.js';
import { ControlKindEnum, GenerationStatusEnum } from './enums.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({ description: 'One change of a generation. Events are never changed and never coalesced.' })
export class GenerationEvent {
  readonly __typename = 'GenerationEvent';

  /** The generation's key; not a field. */
  generationKey: string;

  @Field(() => SafeInt, {
    description: 'Its place in the order of all events; rises, with gaps where events are not yours.',
  })
  position: number;

  @Field(() => String, { description: 'Where the log stands after this event.' })
  cursor: string;

  @Field(() => Int, { description: "The generation's version that this change made: 1, 2, 3 …" })
  version: number;

  @Field(() => GenerationStatusEnum, { description: 'The new status.' })
  status: GenerationStatus;

  @Field(() => GenerationStatusEnum, { nullable: true, description: 'The status before; null for the first event.' })
  previousStatus: GenerationStatus | null;

  @Field(() => Int, { nullable: true, description: 'Number of the attempt that it belongs to.' })
  attempt: number | null;

  @Field(() => String, { nullable: true, description: 'The error code, where there is one.' })
  code: string | null;

  @Field(() => ControlKindEnum, { description: 'Control kind of the generation.' })
  control: ControlKind;

  @Field(() => String, { description: 'Provider of the generation.' })
  provider: string;

  @Field(() => DateTime, { description: 'When it happened, by the database.' })
  at: Date;
}

export function eventCursor(position: number): string {
  return Buffer.from(`e1:${position}`).toString('base64url');
}

export function eventNode(event: EventRecord): GenerationEvent {
  const { generationId, n, attemptN, projectId: _project, profileId: _profile, ...rest } = event;
  return {
    __typename: 'GenerationEvent',
    ...rest,
    generationKey: generationId,
    version: n,
    attempt: attemptN,
    cursor: eventCursor(event.position),
  };
}
