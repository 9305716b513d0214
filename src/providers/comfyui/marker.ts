import { z } from 'zod';
import { taskIdText } from '../task-id.js';

/**
 * What we send along with a graph in `extra_data`: servers keep it with the task, so whoever finds the task knows whose it
 * is, which node makes its picture and with which seed.
 */
const marker = z.object({ key: taskIdText, seed: z.int(), output: z.string() });
export type Marker = z.infer<typeof marker>;

const extraData = z.looseObject({ darkroom: marker });

export function writeMarker(content: Marker): Record<string, unknown> {
  return { darkroom: content };
}

/** Null for a task that is not ours, or whose server kept nothing. */
export function readMarker(extra: unknown): Marker | null {
  return extraData.safeParse(extra).data?.darkroom ?? null;
}
