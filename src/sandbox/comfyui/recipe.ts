import { z } from 'zod';

/**
 * What a graph means as a picture. `copy` is the control image itself, `edges` its Canny map, `grey` its grey values; the
 * others are drawn. Images are named by the SHA-256 of their bytes.
 */
export const recipeSchema = z.object({
  kind: z.enum(['text', 'canny', 'depth', 'fill', 'copy', 'edges', 'grey']),
  prompt: z.string(),
  seed: z.number(),
  /** The LoRA nearest to the sampler, without its ending; empty without one. */
  lora: z.string(),
  /** 0 to 2. */
  strength: z.number(),
  /** Where between least and most they lie, 0 to 1. */
  guidance: z.number(),
  steps: z.number(),
  /** Pixels. */
  width: z.int(),
  height: z.int(),
  batch: z.int(),
  /** Thresholds of Canny, 0 to 1. */
  low: z.number(),
  high: z.number(),
  control: z.string().nullable(),
  mask: z.string().nullable(),
});

export type Recipe = z.infer<typeof recipeSchema>;
