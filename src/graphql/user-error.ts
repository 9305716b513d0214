import type { Refusal } from '../domain/refusal.js';
import { Field, Float, ObjectType } from './decorators.js';
import { UserErrorCodeEnum } from './enums.js';

@ObjectType({
  description:
    'One thing about an input that the caller can mend. When there is any, nothing was written and nothing spent.',
})
export class UserError {
  @Field(() => UserErrorCodeEnum, { description: 'What kind of mistake it is.' })
  code: Refusal['code'];

  @Field(() => String, { description: 'In words, naming the field, what is allowed and what came.' })
  message: string;

  @Field(() => [String], { description: 'The way to the value, e.g. ["input", "steps"].' })
  path: string[];

  @Field(() => Float, { nullable: true, description: 'The smallest value allowed, where there is one.' })
  minimum: number | null;

  @Field(() => Float, { nullable: true, description: 'The largest value allowed, where there is one.' })
  maximum: number | null;

  @Field(() => String, { nullable: true, description: 'What came, shortened.' })
  given: string | null;

  @Field(() => Boolean, { description: 'Whether the very same request may succeed later.' })
  retryable: boolean;
}
