import type { Blobs } from '../blobs.js';
import type { Picture } from '../pictures.js';
import { share, sketchOf } from '../sketching.js';
import type { Task } from '../task.js';
import type { BflEndpoint } from './endpoints.js';

/** What to draw for a task of this endpoint. */
export async function bflPicture(task: Task, blobs: Blobs, endpoint: BflEndpoint): Promise<Picture> {
  const { request } = task;
  return await sketchOf(task, blobs, 0, {
    kind: endpoint.kind,
    control: endpoint.kind === 'fill' ? 'image' : 'control_image',
    mask: 'mask',
    finetuneId: String(request['finetune_id']),
    strength: Number(request['finetune_strength']),
    guidance: share(endpoint.fields['guidance'], request['guidance']),
    steps: share(endpoint.fields['steps'], request['steps']),
    low: Number(request['canny_low_threshold']),
    high: Number(request['canny_high_threshold']),
  });
}
