import { z } from 'zod';

/** A task's id as a provider may send it: printable ASCII, since it goes into addresses, rows and logs. */
export const taskIdText = z
  .string()
  .trim()
  .max(512)
  .regex(/^[\x21-\x7e]+$/);
