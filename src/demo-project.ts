import { createHash } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashApiKey, newApiKey } from './access/keys.js';
import type { Binding } from './domain/generation.js';
import { newId } from './domain/ids.js';
import type { Profiles } from './domain/ports.js';
import type { Database } from './store/database.js';
import { addKey, ensureProject, findKey, hasKeys, promoteKey } from './store/keys.js';

export type DemoProject = {
  apiKey: string;
  keyFile: string;
  /** Whether the key was made just now, and so may be printed this once. */
  fresh: boolean;
};

/**
 * The project that every Darkroom has, with an operator's API key in `<data folder>/api-key` (0600). A key that is lost is made anew:
 * whoever may write in the data folder may read the database anyway.
 */
export async function ensureDemoProject(options: {
  database: Database;
  profiles: Profiles;
  dataFolder: string;
  /** Providers that the sandbox plays: finetune profiles bound to all of them are made before the project's first key. */
  sandboxProviders: ReadonlySet<string>;
}): Promise<DemoProject> {
  const { database, profiles, dataFolder, sandboxProviders } = options;
  const project = await ensureProject(database, { id: newId(), slug: 'demo', name: 'Demo' });
  // The project itself may be older: a history may be seeded before the first start.
  if (sandboxProviders.size > 0 && !(await hasKeys(database, project.id))) {
    await makeSandboxProfiles(profiles, project.id, sandboxProviders);
  }

  const keyFile = join(dataFolder, 'api-key');
  const kept = (await readFile(keyFile, 'utf8').catch(() => '')).trim();
  const known = kept === '' ? null : await findKey(database, hashApiKey(kept));
  if (known !== null) {
    // Whoever may read the data folder runs this server. A key of an earlier version does not say so yet.
    if (!known.operator) await promoteKey(database, hashApiKey(kept));
    return { apiKey: kept, keyFile, fresh: false };
  }
  const apiKey = newApiKey();
  await writeFile(keyFile, `${apiKey}\n`, { mode: 0o600 });
  // The mode above counts only for a file that was not there.
  await chmod(keyFile, 0o600);
  const key = { id: newId(), projectId: project.id, name: 'first key', hash: hashApiKey(apiKey), operator: true };
  await addKey(database, key);
  return { apiKey, keyFile, fresh: true };
}

/** What a finetune of the sandbox goes by at each provider: ids, files and addresses are of that provider's kind. */
const sandboxNames: Readonly<Record<string, (finetune: string) => Pick<Binding, 'finetuneId' | 'loraUrl'>>> = {
  bfl: byId,
  cometapi: byId,
  'cometapi-responses': byId,
  // Never fetched: the sandbox draws by the name.
  fal: (finetune) => ({ finetuneId: null, loraUrl: `https://sandbox.invalid/${finetune}.safetensors` }),
  replicate(finetune) {
    const version = createHash('sha256').update(finetune).digest('hex');
    return { finetuneId: `sandbox/${finetune}:${version}`, loraUrl: `sandbox/${finetune}/${version}` };
  },
  comfyui: (finetune) => ({ finetuneId: `${finetune}.safetensors`, loraUrl: null }),
};

function byId(finetune: string): Pick<Binding, 'finetuneId' | 'loraUrl'> {
  return { finetuneId: finetune, loraUrl: null };
}

async function makeSandboxProfiles(
  profiles: Profiles,
  projectId: string,
  providers: ReadonlySet<string>,
): Promise<void> {
  const examples = [
    {
      slug: 'studio-bottle',
      name: 'Studio bottle',
      description: 'A product finetune of the sandbox: glass and light.',
      triggerWord: 'STUDIOBOTTLE',
    },
    {
      slug: 'ink-sketch',
      name: 'Ink sketch',
      description: 'A style finetune of the sandbox: dark lines on paper.',
      triggerWord: null,
    },
  ];
  for (const example of examples) {
    const id = newId();
    const outcome = await profiles.create({ id, projectId, defaults: {}, ...example });
    if (outcome !== 'created') continue;
    for (const [provider, nameOf] of Object.entries(sandboxNames)) {
      if (!providers.has(provider)) continue;
      const binding = { provider, ...nameOf(`sandbox-${example.slug}`), triggerWord: null, defaults: {} };
      await profiles.bind(projectId, id, binding);
    }
  }
}
