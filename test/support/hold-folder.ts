// A process for tests to kill: holds a data folder, with or without its PostgreSQL, and says so in one line of JSON.
import { createLogger } from '../../src/logger.js';
import { startEmbeddedPostgres } from '../../src/store/embedded.js';
import { lockFolder } from '../../src/store/folder-lock.js';

const [what, folder = ''] = process.argv.slice(2);
if (what === 'postgres') {
  const { url } = await startEmbeddedPostgres({
    dataFolder: folder,
    logger: createLogger('warn'),
    settings: { fsync: 'off' },
  });
  process.stdout.write(`${JSON.stringify({ url })}\n`);
} else {
  await lockFolder(folder);
  process.stdout.write('{}\n');
}
setInterval(() => undefined, 1_000_000);
