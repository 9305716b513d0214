import type { ListFilter, Range } from '../domain/listing.js';
import { Field, InputType } from './decorators.js';
import { SafeInt } from './scalars.js';

@InputType({ description: 'A range of whole numbers, both ends included.' })
export class RangeInput implements Range {
  @Field(() => SafeInt, { nullable: true, description: 'The smallest that matches; left out: no bound.' })
  from?: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'The largest that matches; left out: no bound.' })
  to?: number | null;
}

/** Conditions on history beyond those that live events have too. */
@InputType({ description: 'Conditions on what is kept.' })
export abstract class FilterConditions implements Omit<
  ListFilter,
  'status' | 'profileId' | 'control' | 'provider' | 'createdFrom' | 'createdTo'
> {
  @Field(() => [String], {
    nullable: true,
    description: 'Any of these models, e.g. "bfl/flux-pro-finetuned"; at most 50.',
  })
  model?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'The last error has any of these codes; at most 50.' })
  errorCode?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Has any of these tags; at most 20.' })
  anyTag?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Has all of these tags; at most 20.' })
  allTags?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Of this person, as the caller named them.' })
  subject?: string | null;

  @Field(() => SafeInt, { nullable: true, description: 'Made with this seed.' })
  seed?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is a favourite.' })
  favourite?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether a picture was made and kept; it may have been removed or erased since.',
  })
  hasImage?: boolean | null;

  @Field(() => RangeInput, { nullable: true, description: 'Rated so, 1 to 5; what is not rated never matches.' })
  rating?: RangeInput | null;

  @Field(() => RangeInput, {
    nullable: true,
    description: 'Cost in micro-USD: settled, else quoted, else estimated. What has no known cost never matches.',
  })
  costMicros?: RangeInput | null;

  @Field(() => RangeInput, {
    nullable: true,
    description: 'Milliseconds from when the provider had it until its end; only what has ended.',
  })
  runMs?: RangeInput | null;

  @Field(() => RangeInput, {
    nullable: true,
    description: 'Milliseconds from acceptance until its end; only what has ended.',
  })
  totalMs?: RangeInput | null;
}
