import { z } from 'zod';
import { tidy } from '../answer.js';
import type { ProbeOutcome } from '../provider.js';
import type { Asked } from './ask.js';

const stats = z.object({ system: z.looseObject({}) });

/** What `/system_stats` says of an account. There is no credit: the server is the operator's own. */
export function readProbe(asked: Asked, apiKey: string): ProbeOutcome {
  if (asked.kind === 'none') return { kind: 'unavailable', message: tidy(asked.message, apiKey) };
  const { status } = asked;
  if (asked.kind === 'json' && status === 200 && stats.safeParse(asked.value).success) {
    return { kind: 'well', creditMicros: null };
  }
  if (status === 401 || status === 403) return { kind: 'refused', message: `HTTP ${status}: the key was refused` };
  return { kind: 'unavailable', message: `HTTP ${status}: this is not what ComfyUI answers` };
}
