import { Field, Float, ID, InputType, Int } from './decorators.js';
import { OutputFormatEnum } from './enums.js';
import { ImageInput } from './image.js';
import { SafeInt } from './scalars.js';

export const subjectAbout =
  'Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had.';

/** What every kind of generation takes. Null or left out means: the binding's, the profile's or the model's default. */
@InputType()
export abstract class GenerateInput {
  @Field(() => ID, { description: 'The finetune profile to use.' })
  profileId: string;

  @Field(() => String, {
    description:
      "What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing.",
  })
  prompt: string;

  @Field(() => Float, { nullable: true, description: 'Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2).' })
  finetuneStrength?: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'The same request with the same seed gives the same picture.' })
  seed?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the provider may rewrite the prompt. Default false.' })
  promptUpsampling?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'Moderation, 0 strictest to 6 loosest. Default 2.' })
  safetyTolerance?: number | null;

  @Field(() => OutputFormatEnum, {
    nullable: true,
    description: 'File format. Default jpeg; webp only on FLUX.2 models.',
  })
  outputFormat?: string | null;

  @Field(() => [String], { nullable: true, description: 'At most 20, each 1 to 64 characters.' })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, description: subjectAbout })
  subject?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "-100 to 100, default 0: higher goes first among your project's own waiting generations.",
  })
  priority?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800).',
  })
  deadlineSeconds?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused.',
  })
  idempotencyKey?: string | null;

  @Field(() => String, { nullable: true, description: 'Use this provider only, e.g. bfl.' })
  provider?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near.',
  })
  model?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so.',
  })
  strict?: boolean | null;
}

@InputType({ description: 'A picture from a prompt alone.' })
export class GenerateFromPromptInput extends GenerateInput {
  @Field(() => Int, { nullable: true, description: 'Pixels, 256 to 1440, a multiple of 32. Default 1024.' })
  width?: number | null;

  @Field(() => Int, { nullable: true, description: 'Pixels, 256 to 1440, a multiple of 32. Default 768.' })
  height?: number | null;

  @Field(() => String, { nullable: true, description: 'Ultra only: width:height from 21:9 to 9:21. Default 16:9.' })
  aspectRatio?: string | null;

  @Field(() => Int, { nullable: true, description: '1 to 50. Default 40.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'How closely the prompt is followed, 1.5 to 5. Default 2.5.' })
  guidance?: number | null;

  @Field(() => ImageInput, { nullable: true, description: 'A picture to take after.' })
  imagePrompt?: ImageInput | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Ultra only: influence of the image prompt, 0 to 1. Default 0.1.',
  })
  imagePromptStrength?: number | null;
}

@InputType({ description: "A picture that follows a control image's edges." })
export class GenerateFromCannyInput extends GenerateInput {
  @Field(() => ImageInput, { description: 'The image whose edges are followed.' })
  controlImage: ImageInput;

  @Field(() => Int, { nullable: true, description: 'Low threshold of the edges, 0 to 500. Default 50.' })
  cannyLowThreshold?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'High threshold of the edges, 0 to 500, not below low. Default 200.',
  })
  cannyHighThreshold?: number | null;

  @Field(() => Int, { nullable: true, description: '15 to 50. Default 50.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'How closely the prompt is followed, 1 to 100. Default 30.' })
  guidance?: number | null;
}

@InputType({ description: "A picture that follows a control image's depth." })
export class GenerateFromDepthInput extends GenerateInput {
  @Field(() => ImageInput, { description: 'The image whose depth is followed.' })
  controlImage: ImageInput;

  @Field(() => Int, { nullable: true, description: '15 to 50. Default 50.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'How closely the prompt is followed, 1 to 100. Default 15.' })
  guidance?: number | null;
}

@InputType({ description: 'An image of which a part is repainted.' })
export class GenerateFromFillInput extends GenerateInput {
  @Field(() => ImageInput, { description: 'The image to repaint. Without a mask its transparent parts are repainted.' })
  image: ImageInput;

  @Field(() => ImageInput, {
    nullable: true,
    description: 'Of the same size as the image: what is white is repainted, what is black stays.',
  })
  mask?: ImageInput | null;

  @Field(() => Int, { nullable: true, description: '15 to 50. Default 50.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'How closely the prompt is followed, 1.5 to 100. Default 60.' })
  guidance?: number | null;
}
