import type { Blobs } from '../blobs.js';
import type { Picture } from '../pictures.js';
import { share, sketchOf, type Brush } from '../sketching.js';
import type { Task } from '../task.js';
import type { FalEndpoint } from './endpoints.js';

function kindOf(task: Task, endpoint: FalEndpoint): Brush['kind'] {
  // The safety checker leaves a black picture and says so in the result.
  if (task.wish.moderated !== undefined) return 'black';
  if (endpoint.kind !== 'general') return endpoint.kind;
  const mode = task.request['control_mode'];
  if (mode === undefined) return 'text';
  return mode === 'canny' ? 'canny' : 'depth';
}

/** What to draw as picture number `n` of a task of this endpoint. */
export async function falPicture(task: Task, blobs: Blobs, n: number, endpoint: FalEndpoint): Promise<Picture> {
  const { request } = task;
  return await sketchOf(task, blobs, n, {
    kind: kindOf(task, endpoint),
    control: endpoint.control ?? 'control_image_url',
    mask: 'mask_url',
    finetuneId: String(request['finetune_id'] ?? request['lora_path'] ?? ''),
    strength: Number(request['finetune_strength'] ?? request['lora_scale'] ?? 0),
    guidance: share(endpoint.fields['guidance_scale'], request['guidance_scale']),
    steps: share(endpoint.fields['num_inference_steps'], request['num_inference_steps']),
  });
}
