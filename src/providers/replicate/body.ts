import {
  imageInputNames,
  parameterNames,
  type ImageInputName,
  type ParameterName,
  type ParameterValue,
  type ParameterValues,
} from '../../domain/model.js';
import type { SubmitImage, SubmitRequest } from '../provider.js';
import { isOwnModel, targetOf } from './target.js';

type Words = {
  strength: string;
  steps: string;
  guidance: string;
  /** Where the LoRA's address goes. */
  lora: string | null;
  /** Where the finetune's id goes; null: it names what is run. */
  finetune: string | null;
};

/** Every model has words of its own (their version pages at replicate.com, see the catalogue). */
const hostedWords: Words = {
  strength: 'finetune_strength',
  steps: 'steps',
  guidance: 'guidance',
  lora: null,
  finetune: 'finetune_id',
};
const loraWords: Words = {
  strength: 'lora_scale',
  steps: 'num_inference_steps',
  guidance: 'guidance',
  lora: 'lora_weights',
  finetune: null,
};
const controlWords: Words = {
  strength: 'lora_strength',
  steps: 'steps',
  guidance: 'guidance_scale',
  lora: 'lora_url',
  finetune: null,
};
const trainedWords: Words = { ...loraWords, guidance: 'guidance_scale', lora: null };

const sharedWords: Readonly<Partial<Record<ParameterName, string>>> = {
  aspectRatio: 'aspect_ratio',
  seed: 'seed',
  promptUpsampling: 'prompt_upsampling',
  safetyTolerance: 'safety_tolerance',
  outputFormat: 'output_format',
  imagePromptStrength: 'image_prompt_strength',
};

const wireImages: Readonly<Record<ImageInputName, string>> = {
  controlImage: 'control_image',
  imagePrompt: 'image_prompt',
  image: 'image',
  mask: 'mask',
};

function wordsFor(request: SubmitRequest): Words {
  if (isOwnModel(request)) return trainedWords;
  if (request.endpoint.startsWith('xlabs-ai/')) return controlWords;
  return request.loraUrl === null ? hostedWords : loraWords;
}

/** The JSON that Replicate gets: which version, where that is not in the address, and the model's input. */
export function createBody(
  request: SubmitRequest,
  writeImage: (image: SubmitImage) => string,
): { version?: string; input: Record<string, unknown> } {
  const { finetuneId, loraUrl, parameters, images } = request;
  const words = wordsFor(request);
  const input: Record<string, unknown> = { prompt: request.prompt };
  if (words.finetune !== null && finetuneId !== null) input[words.finetune] = finetuneId;
  if (words.lora !== null && loraUrl !== null) input[words.lora] = loraUrl;
  const names: Readonly<Partial<Record<ParameterName, string>>> = {
    ...sharedWords,
    finetuneStrength: words.strength,
    steps: words.steps,
    guidance: words.guidance,
  };
  for (const name of parameterNames) {
    const word = names[name];
    const value = parameters[name];
    if (word !== undefined && value !== undefined) input[word] = wireValue(name, value);
  }
  Object.assign(input, sizeFields(parameters));
  if (request.control === 'CANNY' || request.control === 'DEPTH') {
    input['control_type'] = request.control.toLowerCase();
  }
  for (const name of imageInputNames) {
    const image = images[name];
    if (image !== undefined) input[wireImages[name]] = writeImage(image);
  }
  const version = targetOf(request)?.version ?? null;
  return version === null ? { input } : { version, input };
}

function wireValue(name: ParameterName, value: ParameterValue): ParameterValue {
  return name === 'outputFormat' && value === 'jpeg' ? 'jpg' : value;
}

/** Width and height count only together, and with the ratio `custom`; a single one is completed by the ratio. */
function sizeFields({ width, height, aspectRatio }: ParameterValues): Record<string, unknown> {
  if (typeof width !== 'number' && typeof height !== 'number') return {};
  const [across = 1, down = 1] = (typeof aspectRatio === 'string' ? aspectRatio : '1:1').split(':').map(Number);
  const side = (pixels: number): number => Math.min(1440, Math.max(256, Math.round(pixels / 32) * 32));
  return {
    aspect_ratio: 'custom',
    width: typeof width === 'number' ? width : side((Number(height) * across) / down),
    height: typeof height === 'number' ? height : side((Number(width) * down) / across),
  };
}
