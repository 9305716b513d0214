import { devices, model, clip, strength, side, shift, type NodeClass } from './specs.js';

/** Classes that load models and LoRAs. */
export const loaderClasses = {
  UNETLoader: {
    required: {
      unet_name: [{ files: 'diffusion_models' }],
      weight_dtype: [['default', 'fp8_e4m3fn', 'fp8_e4m3fn_fast', 'fp8_e5m2'], { advanced: true }],
    },
    output: ['MODEL'],
    title: 'Load Diffusion Model',
    category: 'advanced/loaders',
    work: 8,
  },
  CheckpointLoaderSimple: {
    required: { ckpt_name: [{ files: 'checkpoints' }] },
    output: ['MODEL', 'CLIP', 'VAE'],
    title: 'Load Checkpoint',
    category: 'loaders',
    work: 12,
  },
  DualCLIPLoader: {
    required: {
      clip_name1: [{ files: 'text_encoders' }],
      clip_name2: [{ files: 'text_encoders' }],
      type: [['sdxl', 'sd3', 'flux', 'hunyuan_video', 'hidream']],
    },
    optional: { device: devices },
    output: ['CLIP'],
    title: 'DualCLIPLoader',
    category: 'advanced/loaders',
    work: 4,
  },
  CLIPLoader: {
    required: {
      clip_name: [{ files: 'text_encoders' }],
      type: [['stable_diffusion', 'sd3', 'flux', 'flux2', 'qwen_image']],
    },
    optional: { device: devices },
    output: ['CLIP'],
    title: 'Load CLIP',
    category: 'advanced/loaders',
    work: 3,
  },
  VAELoader: {
    required: { vae_name: [{ files: 'vae' }] },
    output: ['VAE'],
    title: 'Load VAE',
    category: 'loaders',
    work: 1,
  },
  LoraLoaderModelOnly: {
    required: { model, lora_name: [{ files: 'loras' }], strength_model: strength },
    output: ['MODEL'],
    title: 'LoraLoaderModelOnly',
    category: 'loaders',
    work: 1,
  },
  LoraLoader: {
    required: {
      model,
      clip,
      lora_name: [{ files: 'loras' }],
      strength_model: strength,
      strength_clip: strength,
    },
    output: ['MODEL', 'CLIP'],
    title: 'Load LoRA',
    category: 'loaders',
    work: 1,
  },
  ModelSamplingFlux: {
    required: {
      model,
      max_shift: shift(1.15),
      base_shift: shift(0.5),
      width: side(1024, 16, 8),
      height: side(1024, 16, 8),
    },
    output: ['MODEL'],
    title: 'ModelSamplingFlux',
    category: 'advanced/model',
    module: 'comfy_extras.nodes_model_advanced',
    work: 0.1,
  },
} satisfies Record<string, NodeClass>;
