/** Files of models by folder, as `/models/{folder}` names them. Each LoRA is one of the sandbox's finetunes. */
export type Folder = 'checkpoints' | 'diffusion_models' | 'text_encoders' | 'vae' | 'loras' | 'controlnet';

export type Installed = Readonly<Record<Folder, readonly string[]>>;

/** LoRAs that turn FLUX.1 dev into one of its control models, and are nobody's style. */
const controlLoras = ['flux1-canny-dev-lora.safetensors', 'flux1-depth-dev-lora.safetensors'];

export function isControlLora(file: string): boolean {
  return controlLoras.includes(file);
}

export function installedFiles(finetunes: readonly string[]): Installed {
  return {
    checkpoints: ['flux1-dev-fp8.safetensors'],
    diffusion_models: [
      'flux1-canny-dev.safetensors',
      'flux1-depth-dev.safetensors',
      'flux1-dev.safetensors',
      'flux1-fill-dev.safetensors',
    ],
    text_encoders: ['clip_l.safetensors', 't5xxl_fp16.safetensors', 't5xxl_fp8_e4m3fn.safetensors'],
    vae: ['ae.safetensors'],
    loras: [...controlLoras, ...finetunes.map((name) => `${name}.safetensors`)].toSorted(),
    controlnet: [],
  };
}
