// A Chromium that comes inside an npm package, so that the test downloads nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packaged from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** Why there is no browser here, or null. */
export const unsupported =
  process.platform === 'linux' && process.arch === 'x64'
    ? null
    : `the packaged Chromium runs on Linux x64 only, this is ${process.platform} ${process.arch}`;

export interface LaunchedBrowser {
  readonly browser: Browser;
  readonly folder: string;
}

export async function launchBrowser(): Promise<LaunchedBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-test-browser-'));
  try {
    const executablePath = await unpack(folder);
    return { browser: await chromium.launch({ executablePath, headless: true, chromiumSandbox: false }), folder };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export async function closeBrowser(launched: LaunchedBrowser): Promise<void> {
  await launched.browser.close();
  await rm(launched.folder, { recursive: true, force: true });
}

/** Into a folder of this run: the package trusts a file of its name in the shared one, be it another's or half written. */
async function unpack(folder: string): Promise<string> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    return await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
