import type { Folder } from './installed.js';

/** A list of installed files, filled in when it is asked for. `input` are the images uploaded. */
export type FileList = { readonly files: Folder | 'input' };

/** An input as ComfyUI declares it: its type, or the values it may have, and more about it. */
export type InputSpec = readonly [
  type: string | readonly string[] | FileList,
  more?: Readonly<Record<string, string | number | boolean>>,
];

type Inputs = Readonly<Record<string, InputSpec>>;

export type NodeClass = {
  readonly required: Inputs;
  readonly optional?: Inputs;
  readonly hidden?: Readonly<Record<string, string>>;
  readonly output: readonly string[];
  readonly names?: readonly string[];
  readonly title: string;
  readonly category: string;
  readonly module?: string;
  /** Declared in the newer way, in which lists of values look different. */
  readonly newer?: true;
  readonly isOutput?: true;
  /** Its part of a prompt's time, beside the others of the same prompt. */
  readonly work: number;
};

export const samplers =
  'euler euler_cfg_pp euler_ancestral euler_ancestral_cfg_pp heun heunpp2 dpm_2 dpm_2_ancestral lms dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_sde dpmpp_2m dpmpp_2m_sde dpmpp_3m_sde ddpm lcm ipndm deis res_multistep gradient_estimation ddim uni_pc uni_pc_bh2'.split(
    ' ',
  );
export const schedulers =
  'simple sgm_uniform karras exponential ddim_uniform beta normal linear_quadratic kl_optimal'.split(' ');
export const upscales = ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'];
export const devices: InputSpec = [['default', 'cpu'], { advanced: true }];

export const model: InputSpec = ['MODEL'];
export const clip: InputSpec = ['CLIP'];
export const vae: InputSpec = ['VAE'];
export const image: InputSpec = ['IMAGE'];
export const mask: InputSpec = ['MASK'];
export const latent: InputSpec = ['LATENT'];
export const conditioning: InputSpec = ['CONDITIONING'];
export const text: InputSpec = ['STRING', { multiline: true, dynamicPrompts: true }];
export const seed: InputSpec = ['INT', { default: 0, min: 0, max: 2 ** 64, control_after_generate: true }];
export const steps: InputSpec = ['INT', { default: 20, min: 1, max: 10_000 }];
export const unit: InputSpec = ['FLOAT', { default: 1, min: 0, max: 1, step: 0.01 }];
export const strength: InputSpec = ['FLOAT', { default: 1, min: -100, max: 100, step: 0.01 }];
export const guidance: InputSpec = ['FLOAT', { default: 3.5, min: 0, max: 100, step: 0.1 }];
export const batch: InputSpec = ['INT', { default: 1, min: 1, max: 4096 }];
export const upload: InputSpec = [{ files: 'input' }, { image_upload: true }];

export function side(usual: number, min: number, step: number): InputSpec {
  return ['INT', { default: usual, min, max: 16_384, step }];
}

export function threshold(usual: number): InputSpec {
  return ['FLOAT', { default: usual, min: 0.01, max: 0.99, step: 0.01 }];
}

export function shift(usual: number): InputSpec {
  return ['FLOAT', { default: usual, min: 0, max: 100, step: 0.01 }];
}

export const fluxModule = 'comfy_extras.nodes_flux';
export const samplingModule = 'comfy_extras.nodes_custom_sampler';
