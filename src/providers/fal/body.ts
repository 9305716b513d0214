import {
  imageInputNames,
  parameterNames,
  type ImageInputName,
  type ParameterName,
  type ParameterValue,
} from '../../domain/model.js';
import type { SubmitImage, SubmitRequest } from '../provider.js';
import { sizeLike } from '../size-like.js';

/** fal's words for our parameters (types of its client 1.10.1); width and height go together, see below. */
const words: Readonly<Partial<Record<ParameterName, string>>> = {
  aspectRatio: 'aspect_ratio',
  steps: 'num_inference_steps',
  guidance: 'guidance_scale',
  seed: 'seed',
  promptUpsampling: 'enhance_prompt',
  safetyTolerance: 'safety_tolerance',
  outputFormat: 'output_format',
  imagePromptStrength: 'image_prompt_strength',
};

/** One picture a model takes, so it has one word for it. */
const plainImages: Readonly<Record<ImageInputName, string>> = {
  controlImage: 'image_url',
  imagePrompt: 'image_url',
  image: 'image_url',
  mask: 'mask_url',
};

/** The JSON that fal gets as the model's input: what the request holds, and the size where only we can know it. */
export function createBody(
  request: SubmitRequest,
  writeImage: (image: SubmitImage) => string,
): Record<string, unknown> {
  const { finetuneId, loraUrl, parameters, images } = request;
  const body: Record<string, unknown> = { prompt: request.prompt };
  const { finetuneStrength } = parameters;
  if (finetuneId !== null) {
    body['finetune_id'] = finetuneId;
    if (finetuneStrength !== undefined) body['finetune_strength'] = finetuneStrength;
  }
  if (loraUrl !== null) {
    body['loras'] = [{ path: loraUrl, ...(finetuneStrength === undefined ? {} : { scale: finetuneStrength }) }];
  }
  for (const name of parameterNames) {
    const word = words[name];
    const value = parameters[name];
    if (word !== undefined && value !== undefined) body[word] = wireValue(name, value);
  }
  const size = sizeOf(request);
  if (size !== null) body['image_size'] = size;
  for (const name of imageInputNames) {
    const image = images[name];
    if (image !== undefined) body[imageWord(name, request.endpoint)] = writeImage(image);
  }
  return body;
}

/** The tolerance is a text here, "1" to "6" (types of fal's client 1.10.1). */
function wireValue(name: ParameterName, value: ParameterValue): ParameterValue {
  return name === 'safetyTolerance' ? String(value) : value;
}

function imageWord(name: ImageInputName, endpoint: string): string {
  if (name !== 'controlImage') return plainImages[name];
  if (endpoint.includes('/flux-control-lora-')) return 'control_lora_image_url';
  return endpoint.includes('/flux-pro/') ? 'control_image_url' : plainImages[name];
}

/**
 * A picture after a control image is to have its shape, as at the other providers; left to itself `flux-control-lora-*` draws
 * 4:3 (types of fal's client 1.10.1).
 */
function sizeOf({ parameters, images }: SubmitRequest): { width: number; height: number } | null {
  const { width, height } = parameters;
  if (typeof width === 'number' && typeof height === 'number') return { width, height };
  return images.controlImage === undefined ? null : sizeLike(images.controlImage);
}
