import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { createLogger } from '../../src/logger.js';
import { openDatabase } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { migrationsFolder } from '../../src/store/migrations-folder.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { createTestDatabase } from '../support/database.js';

const logger = createLogger('silent');

it('brings the tags and prompts of a database that is in use along', async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-migrations-'));
  const client = new Client({ connectionString: database.url });
  try {
    await client.connect();
    await client.query('drop schema public cascade; drop schema analytics cascade; create schema public');
    const names = (await readdir(migrationsFolder)).toSorted();
    for (const name of names.slice(
      0,
      names.findIndex((each) => each.endsWith('_history')),
    )) {
      await cp(join(migrationsFolder, name), join(folder, name), { recursive: true });
    }
    await migrate({ url: database.url, logger, folder });
    const months = 'select to_char(now(), \'"y"YYYY"m"MM\') as month';
    const { rows } = await client.query<{ month: string }>(months);
    const month = rows[0]?.month ?? '';
    const year = Number(month.slice(1, 5));
    const at = new Date(Date.UTC(year, Number(month.slice(6)) - 1, 1)).getTime().toString(16).padStart(12, '0');
    const next = new Date(Date.UTC(year, Number(month.slice(6)), 1)).getTime().toString(16).padStart(12, '0');
    const bound = (hex: string): string => `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
    await client.query(
      `create table generation_${month} partition of generation for values from ('${bound(at)}') to ('${bound(next)}')`,
    );
    const [id, projectId] = [newId(), newId()];
    await client.query(
      `insert into generation (id, project_id, control, provider, model, account, prompt, prompt_sent, parameters, tags, deadline)
       values ($1, $2, 'NONE', 'bfl', 'bfl/one', 'bfl', 'Drei Gläser', 'Drei Gläser', '{"seed": 7}', '{old,blue}', now())`,
      [id, projectId],
    );
    await migrate({ url: database.url, logger });
    const tags = await client.query('select tag, generation_id from generation_tag order by tag');
    expect(tags.rows).toEqual(['blue', 'old'].map((tag) => ({ tag, generation_id: id })));
    const found = await client.query(
      "select generation_id from generation_text where words @@ darkroom_search($1, 'glaser')",
      [projectId],
    );
    expect(found.rows).toEqual([{ generation_id: id }]);
    const store = openDatabase(database.url, { connections: 1 });
    await ensurePartitions(store, new Date());
    await store.close();
  } finally {
    await client.end();
    await rm(folder, { recursive: true });
    await database.drop();
  }
});
