import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashApiKey, newApiKey } from './access/keys.js';
import { newId } from './domain/ids.js';
import type { Profiles } from './domain/ports.js';
import type { Database } from './store/database.js';
import { addKey, ensureProject, findKey, promoteKey } from './store/keys.js';

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
  /** Finetune profiles for the sandbox are made with the project. */
  withSandboxProfiles: boolean;
}): Promise<DemoProject> {
  const { database, profiles, dataFolder, withSandboxProfiles } = options;
  const project = await ensureProject(database, { id: newId(), slug: 'demo', name: 'Demo' });
  if (project.made && withSandboxProfiles) await makeSandboxProfiles(profiles, project.id);

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

async function makeSandboxProfiles(profiles: Profiles, projectId: string): Promise<void> {
  const examples = [
    {
      slug: 'studio-bottle',
      name: 'Studio bottle',
      description: 'A product finetune of the sandbox: glass and light.',
      triggerWord: 'STUDIOBOTTLE',
      finetuneId: 'sandbox-studio-bottle',
    },
    {
      slug: 'ink-sketch',
      name: 'Ink sketch',
      description: 'A style finetune of the sandbox: dark lines on paper.',
      triggerWord: null,
      finetuneId: 'sandbox-ink-sketch',
    },
  ];
  for (const { finetuneId, ...example } of examples) {
    const id = newId();
    const outcome = await profiles.create({ id, projectId, defaults: {}, ...example });
    if (outcome === 'created') {
      await profiles.bind(projectId, id, {
        provider: 'bfl',
        finetuneId,
        loraUrl: null,
        triggerWord: null,
        defaults: {},
      });
    }
  }
}
