import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExportFormat } from '../../src/domain/export.js';
import { startExportThread } from '../../src/exports/export-thread.js';
import { blocksAhead } from '../../src/exports/job.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

/** Each row is more than a stream holds: the one behind the last that may be sent stops the reading of the socket. */
const rows = blocksAhead + 1;
const statement = `copy (select repeat('x', 200000) from generate_series(1, ${rows})) to stdout with (format binary)`;

// The server had said all, and the thread never heard it: its readers waited for ever (seen in one of six exports).
it.each<ExportFormat>(['CSV', 'NDJSON'])('ends %s whose reader was behind when the last row came', async (format) => {
  const thread = startExportThread({
    url: database.url,
    tag: 'darkroom export test',
    format,
    bom: false,
    columns: [{ name: 'prompt', kind: 'text' }],
    statements: [statement, statement],
    timeoutMs: 60_000,
  });
  try {
    await thread.opened;
    let files = 0;
    for (let part = await thread.next(); part !== null; part = await thread.next()) {
      if ('fileEnd' in part) files += 1;
    }
    expect(files).toBe(2);
  } finally {
    await thread.stop();
  }
});
