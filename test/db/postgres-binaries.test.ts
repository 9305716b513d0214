import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { chooseAccount, runAs } from '../../src/store/postgres-account.js';
import { findBinaries, shippedFolder } from '../../src/store/postgres-binaries.js';

const logger = createLogger('silent');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-binaries-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

it.runIf(process.getuid?.() === 0)('copies the programs, once, where an account cannot reach the package', async () => {
  await chmod(folder, 0o711);
  const account = await chooseAccount(join(folder, 'none'));
  const closed = await mkdtemp(join(folder, 'closed-'));
  await cp(shippedFolder(), closed, { recursive: true, verbatimSymlinks: true });
  const home = join(folder, 'home');
  const found = await Promise.all([1, 2].map(() => findBinaries(account, logger, { shipped: closed, home })));
  for (const { postgres, initdb } of found) {
    expect(postgres.startsWith(home)).toBe(true);
    expect(await runAs(account, postgres, ['--version'])).toMatchObject({ code: 0 });
    expect(await runAs(account, initdb, ['--version'])).toMatchObject({ code: 0 });
  }
  await rm(closed, { recursive: true });
});

it('uses the programs where they lie when they can be reached, and makes the links an install without scripts lacks', async () => {
  const shipped = join(folder, 'package');
  await cp(shippedFolder(), shipped, { recursive: true, verbatimSymlinks: true });
  await rm(join(shipped, 'native', 'lib', 'libz.so.1'), { force: true });
  const { postgres } = await findBinaries(null, logger, { shipped, home: join(folder, 'home') });
  expect(postgres.startsWith(shipped)).toBe(true);
  expect(await runAs(null, postgres, ['--version'])).toMatchObject({ code: 0 });
});
