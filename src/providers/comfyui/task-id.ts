import { z } from 'zod';

/** A prompt's id: a UUID in practice. It goes into addresses and rows. */
export const taskIdText = z
  .string()
  .max(128)
  .regex(/^[\w.-]+$/);
