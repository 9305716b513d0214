import { imageInputNames, parameterNames, type ImageInputName, type ParameterName } from '../../domain/model.js';
import type { SubmitImage, SubmitRequest } from '../provider.js';

/** BFL's words for our parameters (BFL OpenAPI, April 2026). */
const wireParameters: Readonly<Record<ParameterName, string>> = {
  finetuneStrength: 'finetune_strength',
  width: 'width',
  height: 'height',
  aspectRatio: 'aspect_ratio',
  steps: 'steps',
  guidance: 'guidance',
  seed: 'seed',
  promptUpsampling: 'prompt_upsampling',
  safetyTolerance: 'safety_tolerance',
  outputFormat: 'output_format',
  cannyLowThreshold: 'canny_low_threshold',
  cannyHighThreshold: 'canny_high_threshold',
  imagePromptStrength: 'image_prompt_strength',
};

const wireImages: Readonly<Record<ImageInputName, string>> = {
  controlImage: 'control_image',
  imagePrompt: 'image_prompt',
  image: 'image',
  mask: 'mask',
};

/** On FLUX.2 the picture to go by is the first of its input images. */
const flux2Images: Readonly<Record<ImageInputName, string>> = { ...wireImages, imagePrompt: 'input_image' };

/** The JSON that BFL gets: what the request holds and nothing besides. */
export function createBody(
  request: SubmitRequest,
  writeImage: (image: SubmitImage) => string,
): Record<string, string | number | boolean> {
  const body: Record<string, string | number | boolean> = { prompt: request.prompt };
  if (request.finetuneId !== null) body['finetune_id'] = request.finetuneId;
  for (const name of parameterNames) {
    const value = request.parameters[name];
    if (value !== undefined) body[wireParameters[name]] = value;
  }
  const words = request.model.startsWith('flux-2-') ? flux2Images : wireImages;
  for (const name of imageInputNames) {
    const image = request.images[name];
    if (image !== undefined) body[words[name]] = writeImage(image);
  }
  return body;
}
