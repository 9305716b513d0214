// An upstream whose answer to the submit is the outcome: it may take long, and cannot be asked for again.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDiskStore } from '../../src/images/disk.js';
import { createPoller, type Poller } from '../../src/poller/poller.js';
import { createCometApiResponsesProvider } from '../../src/providers/cometapi-responses/cometapi-responses.js';
import type { Provider } from '../../src/providers/provider.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { makeFolder, type Row } from '../support/darkroom.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { pollerParts } from '../support/poller-parts.js';

const name = 'cometapi-responses';
let bench: LedgerBench;
let sandbox: Sandbox;
let folder: string;
let provider: Provider;
let poller: Poller | null = null;
let url: string;

beforeEach(async () => {
  bench = await openLedger();
  sandbox = createSandbox({ image: 'small' });
  ({ url } = await sandbox.start());
  folder = await makeFolder();
  provider = createCometApiResponsesProvider();
});

afterEach(async () => {
  await poller?.stop();
  poller = null;
  await provider.close();
  await sandbox.stop();
  await bench.checkHistory();
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(prompt: string, faulty: Partial<Provider> = {}): Promise<void> {
  const bytes = createDiskStore({ folder: join(folder, 'images') });
  const parts = pollerParts({ bench, sandboxUrl: url, provider: { ...provider, ...faulty }, bytes });
  const account = { id: 'sandbox', provider: name, sandbox: true, limit: 24, projects: null };
  const accounts = parts.accounts.map((served) => ({ ...served, account }));
  // Far less than the answer takes.
  poller = createPoller({ ...parts, accounts, settings: { ...parts.settings, submitTimeoutMs: 50 } });
  await poller.start({ alone: true });
  await bench.accept(1, {
    provider: name,
    model: `${name}/flux-pro-finetuned`,
    control: 'NONE',
    promptSent: `a jar [sandbox: duration=1s, ${prompt}]`,
    finetuneId: null,
    parameters: {},
    images: {},
  });
}

async function ending(status: string): Promise<Row> {
  const read = async (): Promise<Row> => {
    const [row = {}] = await bench.sql(
      'select g.status::text, a.state::text, a.task_id, a.looks from generation g join attempt a on a.generation_id = g.id',
    );
    return row;
  };
  await vi.waitFor(async () => expect(await read()).toMatchObject({ status }), { timeout: 20_000, interval: 50 });
  return await read();
}

it('is waited for as long as it may take', async () => {
  await run('in-base64');
  expect(await ending('SUCCEEDED')).toMatchObject({ state: 'DONE', task_id: expect.any(String), looks: 0 });
  expect(sandbox.stats().submits).toBe(1);
});

it('keeps to the address it gave when a download fails for a while', async () => {
  let failures = 0;
  await run('in-url', {
    async download(...given) {
      failures += 1;
      return failures <= 2 ? { kind: 'unavailable', message: 'HTTP 503' } : await provider.download(...given);
    },
  });
  await ending('SUCCEEDED');
  expect(failures).toBe(3);
});

it('has expired when its picture is gone, since no other can be asked for', async () => {
  await run('in-url, expired');
  expect(await ending('EXPIRED')).toMatchObject({ state: 'DONE' });
});

it('ends moderated, without a look', async () => {
  await run('moderated');
  expect(await ending('MODERATED')).toMatchObject({ state: 'DONE', looks: 0 });
  expect(sandbox.stats().looks).toBe(0);
});
