import type { ImageRecord } from '../domain/generation.js';
import { attemptKey } from '../domain/ids.js';
import { imageInputNames, imageRoles } from '../domain/model.js';
import type { AttemptRef } from '../domain/ports.js';
import type { Order, WorkItem } from '../domain/work-item.js';
import type { Database } from './database.js';
import { generationColumns } from './generation-page.js';
import { micros, toGeneration } from './generation-row.js';
import type { Generation as GenerationRow } from './generated/client.js';
import { toImage } from './images.js';
import { createLookup } from './lookup.js';

type AttemptRow = Omit<WorkItem['attempt'], 'costListMicros' | 'costQuotedMicros'> & {
  generationId: string;
  costListMicros: bigint | null;
  costQuotedMicros: bigint | null;
  readAt: Date;
};
type ImageRef = { generationId: string; role: string; imageId: string };

/** Reads attempts with all that belongs to them; what is asked for at once is read together. */
export function createWorkItems(database: Database): (ref: AttemptRef) => Promise<WorkItem | null> {
  const lookup = createLookup<WorkItem>(async (keys) => await read(database, keys));
  return async (ref) => await lookup(attemptKey(ref));
}

async function read(database: Database, keys: readonly string[]): Promise<Map<string, WorkItem>> {
  const { prisma } = database;
  const ids = [...new Set(keys.map((key) => key.split(' ', 1)[0] ?? ''))];
  const [generations, attempts, refs] = await Promise.all([
    prisma.$queryRaw<GenerationRow[]>`select ${generationColumns} from generation where id = any (${ids}::uuid[])`,
    prisma.$queryRaw<AttemptRow[]>`
      select generation_id as "generationId", n, account, model, state::text, instance_id as "instanceId", task_id as "taskId",
             polling_url as "pollingUrl", result_url as "resultUrl", cancel_url as "cancelUrl", stop_asked_at as "stopAskedAt", looks, 
             cost_list_micros as "costListMicros", cost_quoted_micros as "costQuotedMicros", intended_at as "intendedAt",
             accepted_at as "acceptedAt", webhook_key as "webhookKey", finished_at as "finishedAt",
             provider_finished_at as "providerFinishedAt", now() as "readAt"
      from attempt where generation_id = any (${ids}::uuid[])`,
    prisma.$queryRaw<ImageRef[]>`
      select generation_id as "generationId", role::text, image_id as "imageId" from generation_image
      where generation_id = any (${ids}::uuid[]) and role <> 'RESULT'`,
  ]);
  const imageIds = [...new Set(refs.map(({ imageId }) => imageId))];
  const images =
    imageIds.length === 0 ? [] : (await prisma.image.findMany({ where: { id: { in: imageIds } } })).map(toImage);
  const byId = new Map(generations.map((row) => [row.id, toGeneration(row)]));

  const items = new Map<string, WorkItem>();
  for (const { generationId, readAt, costListMicros, costQuotedMicros, ...attempt } of attempts) {
    const generation = byId.get(generationId);
    if (generation === undefined) continue;
    const { id, projectId, status, pixels, deadline } = generation;
    items.set(attemptKey({ generationId, n: attempt.n }), {
      generation: { id, projectId, status, pixels, deadline },
      order: attempt.state === 'INTENDED' ? { generation, images: inputsOf(id, refs, images) } : null,
      attempt: {
        ...attempt,
        costListMicros: micros(costListMicros),
        costQuotedMicros: micros(costQuotedMicros),
      },
      readAt,
    });
  }
  return items;
}

function inputsOf(generationId: string, refs: readonly ImageRef[], images: readonly ImageRecord[]): Order['images'] {
  const given = imageInputNames.flatMap((name) => {
    const ref = refs.find((each) => each.generationId === generationId && each.role === imageRoles[name]);
    const image = images.find(({ id }) => id === ref?.imageId);
    return image === undefined ? [] : [[name, image] as const];
  });
  return Object.fromEntries(given);
}
