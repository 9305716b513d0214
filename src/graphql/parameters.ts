import { parameterNames, type ParameterValues } from '../domain/model.js';
import type { AskedParameters } from '../domain/parameters.js';
import { Field, Float, InputType, Int, ObjectType } from './decorators.js';
import { OutputFormatEnum } from './enums.js';
import { SafeInt } from './scalars.js';

/** One class for both directions: what is asked as a default and what is sent have the same names and types. */
@InputType('ParametersInput', {
  description: 'Parameters to use where a request gives none. Each must be one that a model takes, within its range.',
})
@ObjectType({
  description:
    'Every parameter that is sent to the provider; null where the model has no such parameter or none was chosen.',
})
export class Parameters {
  @Field(() => Float, { nullable: true, description: 'Influence of the finetune, 0 to 2.' })
  finetuneStrength?: number | null;

  @Field(() => Int, { nullable: true, description: 'Width in pixels.' })
  width?: number | null;

  @Field(() => Int, { nullable: true, description: 'Height in pixels.' })
  height?: number | null;

  @Field(() => String, { nullable: true, description: 'Width to height, e.g. 16:9.' })
  aspectRatio?: string | null;

  @Field(() => Int, { nullable: true, description: 'Number of steps.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'How closely the prompt is followed.' })
  guidance?: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'The seed asked for; null lets the provider choose.' })
  seed?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the provider may rewrite the prompt.' })
  promptUpsampling?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'Moderation, 0 strictest to 6 loosest.' })
  safetyTolerance?: number | null;

  @Field(() => OutputFormatEnum, { nullable: true, description: 'File format of the picture.' })
  outputFormat?: string | null;

  @Field(() => Int, { nullable: true, description: 'Low threshold of the edges, 0 to 500.' })
  cannyLowThreshold?: number | null;

  @Field(() => Int, { nullable: true, description: 'High threshold of the edges, 0 to 500.' })
  cannyHighThreshold?: number | null;

  @Field(() => Float, { nullable: true, description: 'Influence of the image prompt, 0 to 1.' })
  imagePromptStrength?: number | null;
}

/** The parameters among an input's fields. */
export function askedParameters(input: AskedParameters): AskedParameters {
  return Object.fromEntries(parameterNames.map((name) => [name, input[name]]));
}

/** Parameters as a GraphQL object: the names are the same. */
export function parametersNode(values: ParameterValues): Parameters {
  return Object.assign(new Parameters(), values);
}
