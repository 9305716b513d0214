import type { AxisInput } from '../domain/grid.js';
import type { ControlKind } from '../domain/lifecycle.js';
import { imageInputNames } from '../domain/model.js';
import type { SweepRequest } from '../service/sweep.js';
import { Field, Float, ID, InputType, Int } from './decorators.js';
import { ControlKindEnum } from './enums.js';
import { subjectAbout } from './generate-inputs.js';
import { ImageInput } from './image.js';
import { askedParameters, Parameters } from './parameters.js';
import { SafeInt } from './scalars.js';

@InputType({ description: 'Both thresholds of the edges.' })
export class CannyThresholdsInput {
  @Field(() => Int, { description: 'Low threshold, 0 to 500.' })
  low: number;

  @Field(() => Int, { description: 'High threshold, 0 to 500, not below low.' })
  high: number;
}

@InputType({ description: 'What varies along an axis: exactly one of the fields, 1 to 50 different values.' })
export class SweepAxisInput implements AxisInput {
  @Field(() => [Float], { nullable: true, description: 'Influence of the finetune, 0 to 2 each.' })
  finetuneStrength?: number[] | null;

  @Field(() => [Float], { nullable: true, description: "How closely the prompt is followed, in the model's range." })
  guidance?: number[] | null;

  @Field(() => [Int], { nullable: true, description: "Numbers of steps, in the model's range." })
  steps?: number[] | null;

  @Field(() => [Int], { nullable: true, description: 'Low thresholds of the edges, 0 to 500 each.' })
  cannyLowThreshold?: number[] | null;

  @Field(() => [Int], { nullable: true, description: 'High thresholds of the edges, 0 to 500 each.' })
  cannyHighThreshold?: number[] | null;

  @Field(() => [CannyThresholdsInput], { nullable: true, description: 'Pairs of thresholds of the edges.' })
  cannyThresholds?: CannyThresholdsInput[] | null;

  @Field(() => [SafeInt], { nullable: true, description: 'Seeds.' })
  seed?: number[] | null;

  @Field(() => [String], { nullable: true, description: 'Prompts, each 1 to 10,000 characters.' })
  prompt?: string[] | null;
}

@InputType({ description: 'A grid of pictures: what they have in common, and what varies along one to three axes.' })
export class GenerateSweepInput {
  @Field(() => ControlKindEnum, {
    defaultValue: 'NONE',
    description: "What holds the pictures' structure: NONE, or the kind that the control image is for.",
  })
  control: ControlKind;

  @Field(() => ID, { description: 'The finetune profile to use.' })
  profileId: string;

  @Field(() => String, {
    nullable: true,
    description: 'As for a single generation; left out where an axis has prompts.',
  })
  prompt?: string | null;

  @Field(() => ImageInput, { nullable: true, description: 'The control image of all cells.' })
  controlImage?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'A picture to take after, for all cells.' })
  imagePrompt?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'FILL only: the image of which a part is repainted.' })
  image?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'FILL only: white where the image is repainted.' })
  mask?: ImageInput | null;

  @Field(() => Parameters, {
    nullable: true,
    description:
      'Parameters of all cells. Without a seed here or on an axis Darkroom draws one for all of them, so that they can be compared.',
  })
  parameters?: Parameters | null;

  @Field(() => SweepAxisInput, { description: 'From left to right.' })
  columns: SweepAxisInput;

  @Field(() => SweepAxisInput, { nullable: true, description: 'From top to bottom.' })
  rows?: SweepAxisInput | null;

  @Field(() => SweepAxisInput, { nullable: true, description: 'One grid below the other; only together with rows.' })
  pages?: SweepAxisInput | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Begin the axis of finetuneStrength with 0: the model without the finetune, to compare with.',
  })
  withBaseline: boolean;

  @Field(() => SafeInt, {
    nullable: true,
    description:
      'Most that it may cost by the price list, in micro-USD. Needed to start: a sweep that costs more is refused whole.',
  })
  maxCostMicros?: number | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Start although the price of some cells is not known; these count as nothing.',
  })
  allowUnknownPrice: boolean;

  @Field(() => [String], { nullable: true, description: 'Tags of every cell, at most 20, each 1 to 64 characters.' })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, description: subjectAbout })
  subject?: string | null;

  @Field(() => Int, { defaultValue: 0, description: '-100 to 100, as for a single generation.' })
  priority: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Seconds until a cell fails by itself, 1 to 86,400. Default: as the operator has set it (1,800).',
  })
  deadlineSeconds?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Up to 200 characters: the same key with the same request gives the same sweep for 24 hours.',
  })
  idempotencyKey?: string | null;

  @Field(() => String, { nullable: true, description: 'Use this provider only, e.g. bfl.' })
  provider?: string | null;

  @Field(() => String, { nullable: true, description: 'Use this model only, e.g. bfl/flux-pro-finetuned.' })
  model?: string | null;
}

export function sweepRequest(input: GenerateSweepInput): SweepRequest {
  return {
    control: input.control,
    profileId: input.profileId,
    prompt: input.prompt ?? null,
    parameters: askedParameters(input.parameters ?? {}),
    images: Object.fromEntries(imageInputNames.flatMap((name) => (input[name] == null ? [] : [[name, input[name]]]))),
    provider: input.provider ?? null,
    model: input.model ?? null,
    tags: input.tags ?? [],
    subject: input.subject ?? null,
    priority: input.priority,
    deadlineSeconds: input.deadlineSeconds ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
    columns: input.columns,
    rows: input.rows ?? null,
    pages: input.pages ?? null,
    withBaseline: input.withBaseline,
    maxCostMicros: input.maxCostMicros ?? null,
    allowUnknownPrice: input.allowUnknownPrice,
  };
}
