import type { Checked } from '../domain/refusal.js';
import type { Generation as GenerationRecord } from '../domain/generation.js';
import type { ControlKind } from '../domain/lifecycle.js';
import { imageInputNames, type ImageInputName } from '../domain/model.js';
import type { AskedParameters } from '../domain/parameters.js';
import type { GenerateRequest } from '../service/generate.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from './decorators.js';
import {
  GenerateFromCannyInput,
  GenerateFromDepthInput,
  GenerateFromFillInput,
  GenerateFromPromptInput,
} from './generate-inputs.js';
import { Generation, generationNode } from './generation-types.js';
import type { ImageInput } from './image.js';
import { askedParameters } from './parameters.js';
import { UserError } from './user-error.js';

@ObjectType()
abstract class GeneratePayload {
  @Field(() => Generation, {
    nullable: true,
    description: 'The accepted generation, durable; null when it was refused.',
  })
  generation: Generation | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input; empty when it was accepted.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to generateFromPrompt.' })
export class GenerateFromPromptPayload extends GeneratePayload {}

@ObjectType({ description: 'Answer to generateFromCanny.' })
export class GenerateFromCannyPayload extends GeneratePayload {}

@ObjectType({ description: 'Answer to generateFromDepth.' })
export class GenerateFromDepthPayload extends GeneratePayload {}

@ObjectType({ description: 'Answer to generateFromFill.' })
export class GenerateFromFillPayload extends GeneratePayload {}

type Input = AskedParameters & {
  profileId: string;
  prompt: string;
  controlImage?: ImageInput | null;
  imagePrompt?: ImageInput | null;
  image?: ImageInput | null;
  mask?: ImageInput | null;
  provider?: string | null;
  model?: string | null;
  strict?: boolean | null;
  tags?: string[] | null;
  subject?: string | null;
  priority?: number | null;
  deadlineSeconds?: number | null;
  idempotencyKey?: string | null;
};

export function givenImages(input: Partial<Record<ImageInputName, ImageInput | null>>): GenerateRequest['images'] {
  return Object.fromEntries(imageInputNames.flatMap((name) => (input[name] == null ? [] : [[name, input[name]]])));
}

async function generate(context: Context, control: ControlKind, input: Input): Promise<GeneratePayload> {
  const { profileId, prompt } = input;
  const request: GenerateRequest = {
    control,
    profileId,
    prompt,
    parameters: askedParameters(input),
    images: givenImages(input),
    provider: input.provider ?? null,
    model: input.model ?? null,
    strict: input.strict ?? false,
    tags: input.tags ?? [],
    subject: input.subject ?? null,
    priority: input.priority ?? 0,
    deadlineSeconds: input.deadlineSeconds ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
  };
  return payload(await context.services.generate(viewerOf(context), request));
}

function payload(checked: Checked<GenerationRecord>): GeneratePayload {
  return checked.ok
    ? { generation: generationNode(checked.value), userErrors: [] }
    : { generation: null, userErrors: checked.refusals };
}

@Resolver()
export class GenerateResolver {
  @Mutation(() => GenerateFromPromptPayload, { description: 'Asks for a picture from a prompt alone.' })
  async generateFromPrompt(
    @Ctx() context: Context,
    @Arg('input', () => GenerateFromPromptInput, { description: 'What to make, and how.' })
    input: GenerateFromPromptInput,
  ): Promise<GenerateFromPromptPayload> {
    return await generate(context, 'NONE', input);
  }

  @Mutation(() => GenerateFromCannyPayload, { description: "Asks for a picture that follows a control image's edges." })
  async generateFromCanny(
    @Ctx() context: Context,
    @Arg('input', () => GenerateFromCannyInput, { description: 'What to make, and how.' })
    input: GenerateFromCannyInput,
  ): Promise<GenerateFromCannyPayload> {
    return await generate(context, 'CANNY', input);
  }

  @Mutation(() => GenerateFromDepthPayload, { description: "Asks for a picture that follows a control image's depth." })
  async generateFromDepth(
    @Ctx() context: Context,
    @Arg('input', () => GenerateFromDepthInput, { description: 'What to make, and how.' })
    input: GenerateFromDepthInput,
  ): Promise<GenerateFromDepthPayload> {
    return await generate(context, 'DEPTH', input);
  }

  @Mutation(() => GenerateFromFillPayload, { description: 'Asks for an image to be repainted where a mask says so.' })
  async generateFromFill(
    @Ctx() context: Context,
    @Arg('input', () => GenerateFromFillInput, { description: 'What to repaint, and how.' })
    input: GenerateFromFillInput,
  ): Promise<GenerateFromFillPayload> {
    return await generate(context, 'FILL', input);
  }
}
