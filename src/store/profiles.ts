import type { Profile } from '../domain/generation.js';
import type { Profiles } from '../domain/ports.js';
import type { Database } from './database.js';
import { Prisma, type Binding as BindingRow, type FinetuneProfile as ProfileRow } from './generated/client.js';
import { readParameters } from './generation-row.js';
import { createLookup } from './lookup.js';

/** Finetune profiles and their bindings, each read and written inside one project. */
export function createProfiles(database: Database): Profiles {
  const { prisma } = database;
  const include = { bindings: { orderBy: { provider: 'asc' } } } as const;
  const lookup = createLookup(async (keys) => await readProfiles(database, keys));

  return {
    async create(profile) {
      return await unlessTaken(async () => {
        await prisma.finetuneProfile.create({ data: profile });
        return 'created' as const;
      });
    },
    async update(projectId, id, patch) {
      return await unlessTaken(async () => {
        const data = { ...patch, version: { increment: 1 }, updatedAt: new Date() };
        const { count } = await prisma.finetuneProfile.updateMany({ where: { id, projectId }, data });
        return count === 1 ? ('updated' as const) : ('missing' as const);
      });
    },
    async archive(projectId, id, archived) {
      const now = new Date();
      const { count } = await prisma.finetuneProfile.updateMany({
        where: { id, projectId },
        data: { archivedAt: archived ? now : null, updatedAt: now, version: { increment: 1 } },
      });
      return count === 1 ? 'updated' : 'missing';
    },
    async bind(projectId, profileId, binding) {
      const { provider, ...rest } = binding;
      return await prisma.$transaction(async (tx) => {
        const now = new Date();
        const { count } = await tx.finetuneProfile.updateMany({
          where: { id: profileId, projectId },
          data: { updatedAt: now, version: { increment: 1 } },
        });
        if (count !== 1) return 'missing';
        await tx.binding.upsert({
          where: { profileId_provider: { profileId, provider } },
          create: { profileId, provider, projectId, ...rest },
          update: { ...rest, updatedAt: now },
        });
        return 'updated';
      });
    },
    async unbind(projectId, profileId, provider) {
      return await prisma.$transaction(async (tx) => {
        const { count } = await tx.binding.deleteMany({ where: { profileId, provider, projectId } });
        if (count !== 1) return 'missing';
        const data = { updatedAt: new Date(), version: { increment: 1 } };
        await tx.finetuneProfile.updateMany({ where: { id: profileId, projectId }, data });
        return 'updated';
      });
    },
    async find(projectId, ids) {
      const found = await Promise.all(ids.map(async (id) => await lookup(`${projectId} ${id}`)));
      return found.flatMap((profile) => profile ?? []);
    },
    async boundAt(projectId, provider) {
      const where = { projectId, bindings: { some: { provider } } };
      return (await prisma.finetuneProfile.findMany({ where, include })).map(toProfile);
    },
    async page(projectId, filter, window) {
      const rows = await prisma.finetuneProfile.findMany({
        where: {
          projectId,
          ...(window.after === null ? {} : { id: { lt: window.after } }),
          ...(filter.archived === null ? {} : { archivedAt: filter.archived ? { not: null } : null }),
        },
        orderBy: { id: 'desc' },
        take: window.first,
        include,
      });
      return rows.map(toProfile);
    },
  };
}

/** Profiles by `<project> <id>`: every submit reads its own, so those of many go into one statement. */
async function readProfiles(database: Database, keys: readonly string[]): Promise<Map<string, Profile>> {
  const pairs = keys.map((key) => key.split(' '));
  const [projectIds, ids] = [0, 1].map((place) => pairs.map((pair) => pair[place]));
  const rows = await database.rows<ProfileRow & { bindings: KeptBinding[] }>(Prisma.sql`
    select p.id, p.project_id as "projectId", p.slug, p.name, p.description, p.trigger_word as "triggerWord", p.defaults,
           p.version, p.created_at as "createdAt", p.updated_at as "updatedAt", p.archived_at as "archivedAt",
           (select coalesce(json_agg(json_build_object('provider', b.provider, 'finetuneId', b.finetune_id, 'loraUrl', b.lora_url,
                     'triggerWord', b.trigger_word, 'defaults', b.defaults) order by b.provider), '[]')
            from binding b where b.profile_id = p.id) as bindings
    from unnest(${projectIds}::uuid[], ${ids}::uuid[]) as asked (project_id, id)
    join profile p on p.id = asked.id and p.project_id = asked.project_id`);
  return new Map(rows.map((row) => [`${row.projectId} ${row.id}`, toProfile(row)]));
}

/** Postgres decides whether a slug is free; P2002 is Prisma's word for a broken unique index. */
async function unlessTaken<T>(write: () => Promise<T>): Promise<T | 'taken'> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return 'taken';
    throw error;
  }
}

type KeptBinding = Omit<BindingRow, 'profileId' | 'projectId' | 'updatedAt'>;

function toProfile(row: ProfileRow & { bindings: KeptBinding[] }): Profile {
  return {
    ...row,
    defaults: readParameters(row.defaults),
    bindings: row.bindings.map((binding) => ({
      provider: binding.provider,
      finetuneId: binding.finetuneId,
      loraUrl: binding.loraUrl,
      triggerWord: binding.triggerWord,
      defaults: readParameters(binding.defaults),
    })),
  };
}
