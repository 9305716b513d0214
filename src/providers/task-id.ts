import { z } from 'zod';
import { parseUrl } from './hosts.js';

/** A task's id as a provider may send it: printable ASCII, since it goes into addresses, rows and logs. */
export const taskIdText = z
  .string()
  .trim()
  .max(512)
  .regex(/^[\x21-\x7e]+$/);

/** An address that came with a task; null for what is none. As it came: check before following. */
export const taskAddress = z
  .string()
  .max(2083)
  .transform((text) => parseUrl(text)?.href ?? null)
  .nullable()
  .catch(null);
