import type { SheetPicture } from '../domain/sheet.js';
import type { Database } from './database.js';

/** Status and first picture of these generations of a project; those that are gone are left out. */
export async function picturesOf(
  database: Database,
  projectId: string,
  generationIds: readonly string[],
): Promise<Map<string, SheetPicture>> {
  if (generationIds.length === 0) return new Map();
  const ids = [...generationIds];
  const rows = await database.prisma.$queryRaw<SheetPicture[]>`
    with results as materialized (
      select generation_id, image_id from generation_image
      where generation_id = any (${ids}::uuid[]) and role = 'RESULT' and n = 0
    )
    select g.id as "generationId", g.status::text, g.model, encode(i.sha256, 'hex') as sha256, i.width, i.height
    from generation g left join results r on r.generation_id = g.id
      left join image i on i.id = r.image_id and i.project_id = g.project_id
    where g.id = any (${ids}::uuid[]) and g.project_id = ${projectId}::uuid`;
  return new Map(rows.map((row) => [row.generationId, row]));
}
