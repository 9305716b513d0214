import { z } from 'zod';
import { tidy } from '../answer.js';
import type { CancelOutcome, ProviderAccount } from '../provider.js';
import type { Asked, Asker } from './ask.js';
import type { KnownServer } from './known.js';
import { askQueue } from './sight.js';

const answer = z.object({ cancelled: z.boolean() });
const stats = z.object({ system: z.looseObject({ comfyui_version: z.string() }) });

/** By ComfyUI's pull request 9607 (August 2025) `/interrupt` reads the prompt's id; this is well after it. */
const interruptsById = [0, 3, 60] as const;

/** Asks for the end of one task, never of another's: `/interrupt` without an id stops whatever runs. */
export async function cancelTask(
  parts: { asker: Asker; known: KnownServer },
  account: ProviderAccount,
  id: string,
): Promise<CancelOutcome> {
  const { asker, known } = parts;
  const unavailable = (message: string): CancelOutcome => ({
    kind: 'unavailable',
    message: tidy(message, account.apiKey),
  });
  const direct = await asker.post(`/api/jobs/${encodeURIComponent(id)}/cancel`, {});
  if (direct.kind === 'json' && direct.status === 200) {
    const cancelled = answer.safeParse(direct.value).data?.cancelled;
    if (cancelled === false) return { kind: 'tooLate', message: 'The server has no such task waiting or running.' };
    if (cancelled === true) {
      known.dequeued.add(id);
      return { kind: 'asked' };
    }
  }
  if (direct.kind === 'none') return unavailable(direct.message);
  // Without the route a server answers a POST with 405: to GET it serves its web pages there.
  if (direct.status !== 404 && direct.status !== 405) return unavailable(describe(direct));

  // An older server: off its queue first, and then, if it runs, by its id.
  const before = await askQueue(asker);
  if (before.kind === 'unavailable') return unavailable(before.message);
  if (before.pending.has(id)) {
    const deleted = await asker.post('/queue', { delete: [id] });
    if (!isOk(deleted)) return unavailable(describe(deleted));
  }
  const after = before.pending.has(id) ? await askQueue(asker) : before;
  if (after.kind === 'unavailable') return unavailable(after.message);
  if (after.running.has(id)) {
    if (!(await readsId(asker, known))) {
      const message = 'This server can only stop whatever runs, which might be another task by then: it runs on.';
      return { kind: 'tooLate', message };
    }
    const interrupted = await asker.post('/interrupt', { prompt_id: id });
    return isOk(interrupted) ? { kind: 'asked' } : unavailable(describe(interrupted));
  }
  if (!before.pending.has(id)) return { kind: 'tooLate', message: 'The server has no such task waiting or running.' };
  known.dequeued.add(id);
  return { kind: 'asked' };
}

async function readsId(asker: Asker, known: KnownServer): Promise<boolean> {
  if (known.hasJobs()) return true;
  const asked = await asker.get('/system_stats');
  const version = asked.kind === 'json' ? stats.safeParse(asked.value).data?.system.comfyui_version : undefined;
  const numbers = version?.match(/\d+/g)?.map(Number) ?? [];
  for (const [at, least] of interruptsById.entries()) {
    const has = numbers[at] ?? 0;
    if (has !== least) return has > least;
  }
  return true;
}

function isOk(asked: Asked): boolean {
  return asked.kind !== 'none' && asked.status === 200;
}

function describe(asked: Asked): string {
  return asked.kind === 'none' ? asked.message : `HTTP ${asked.status}`;
}
