import { clip, vae, image, mask, conditioning, text, guidance, fluxModule, type NodeClass } from './specs.js';

/** Classes that turn words and control images into conditioning. */
export const conditioningClasses = {
  CLIPTextEncode: {
    required: { text, clip },
    output: ['CONDITIONING'],
    title: 'CLIP Text Encode (Prompt)',
    category: 'conditioning',
    work: 2,
  },
  CLIPTextEncodeFlux: {
    required: { clip, clip_l: text, t5xxl: text, guidance },
    output: ['CONDITIONING'],
    title: 'CLIPTextEncodeFlux',
    category: 'advanced/conditioning/flux',
    module: fluxModule,
    newer: true,
    work: 2,
  },
  FluxGuidance: {
    required: { conditioning, guidance },
    output: ['CONDITIONING'],
    title: 'FluxGuidance',
    category: 'advanced/conditioning/flux',
    module: fluxModule,
    newer: true,
    work: 0.1,
  },
  ConditioningZeroOut: {
    required: { conditioning },
    output: ['CONDITIONING'],
    title: 'ConditioningZeroOut',
    category: 'advanced/conditioning',
    work: 0.1,
  },
  InstructPixToPixConditioning: {
    required: { positive: conditioning, negative: conditioning, vae, pixels: image },
    output: ['CONDITIONING', 'CONDITIONING', 'LATENT'],
    names: ['positive', 'negative', 'latent'],
    title: 'InstructPixToPixConditioning',
    category: 'conditioning/instructpix2pix',
    module: 'comfy_extras.nodes_ip2p',
    newer: true,
    work: 2,
  },
  InpaintModelConditioning: {
    required: {
      positive: conditioning,
      negative: conditioning,
      vae,
      pixels: image,
      mask,
      noise_mask: ['BOOLEAN', { default: true }],
    },
    output: ['CONDITIONING', 'CONDITIONING', 'LATENT'],
    names: ['positive', 'negative', 'latent'],
    title: 'InpaintModelConditioning',
    category: 'conditioning/inpaint',
    work: 2,
  },
} satisfies Record<string, NodeClass>;
