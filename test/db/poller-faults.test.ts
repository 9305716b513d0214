// The poller on a real ledger and the real sandbox, with answers of the database lost or late at the worst moments.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { generationMove, type ChangeResult, type LedgerChange } from '../../src/domain/change.js';
import { createDiskStore } from '../../src/images/disk.js';
import type { PollerParts } from '../../src/poller/parts.js';
import { createPoller, type Poller } from '../../src/poller/poller.js';
import { createBflProvider } from '../../src/providers/bfl/bfl.js';
import type { Provider } from '../../src/providers/provider.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { sleep } from '../../src/time.js';
import { makeFolder } from '../support/darkroom.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { pollerParts } from '../support/poller-parts.js';
import { eventually } from '../support/eventually.js';

const provider = createBflProvider();
let bench: LedgerBench;
let sandbox: Sandbox;
let folder: string;
let poller: Poller;
let parts: PollerParts;

beforeEach(async () => {
  bench = await openLedger();
  sandbox = createSandbox({ timeScale: 200, image: 'small' });
  const { url } = await sandbox.start();
  folder = await makeFolder();
  const bytes = createDiskStore({ folder: join(folder, 'images') });
  parts = pollerParts({ bench, sandboxUrl: url, provider, bytes });
});

afterEach(async () => {
  await poller.stop();
  await sandbox.stop();
  await bench.checkHistory();
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(faulty: Partial<PollerParts>): Promise<string> {
  poller = createPoller({ ...parts, ...faulty });
  const [id = ''] = await bench.accept(1);
  await poller.start({ alone: true });
  return id;
}

async function ends(id: string, status: string): Promise<void> {
  const read = async (): Promise<unknown> =>
    (await bench.sql('select status::text from generation where id = $1::uuid', id))[0]?.['status'];
  await vi.waitFor(async () => expect(await read()).toBe(status), { timeout: 20_000, interval: 50 });
}

async function attempts(id: string): Promise<unknown[]> {
  const rows = await bench.sql(
    'select state::text, error_code from attempt where generation_id = $1::uuid order by n',
    id,
  );
  return rows.map((row) => [row['state'], row['error_code']]);
}

function submits(): number {
  return sandbox.log().filter((entry) => entry.submit !== null).length;
}

/** The first change that sets an attempt SENT is treated so. */
function onFirstSent(
  meddle: (change: () => Promise<ChangeResult>, asked: LedgerChange) => Promise<ChangeResult>,
): PollerParts['change'] {
  let first = true;
  return async (change) => {
    if (change.attempt?.to !== 'SENT' || !first) return await parts.change(change);
    first = false;
    return await meddle(async () => await parts.change(change), change);
  };
}

it('finds an admission whose answer was lost, and goes on with it', async () => {
  let lost = false;
  const id = await run({
    worklist: {
      ...parts.worklist,
      async admit(request) {
        const admitted = await parts.worklist.admit(request);
        if (lost || admitted.length === 0) return admitted;
        lost = true;
        throw new Error('The connection was lost after the commit.');
      },
    },
  });
  await ends(id, 'SUCCEEDED');
  expect(await attempts(id)).toEqual([
    ['REFUSED', 'NEVER_SENT'],
    ['DONE', null],
  ]);
  expect(submits()).toBe(1);
});

it('sends what it marked as SENT although the answer to that was lost', async () => {
  const id = await run({
    change: onFirstSent(async (write) => {
      await write();
      throw new Error('The connection was lost after the commit.');
    }),
  });
  await ends(id, 'SUCCEEDED');
  expect(await attempts(id)).toEqual([['DONE', null]]);
  expect(submits()).toBe(1);
});

it('does not send a generation that has ended since it was admitted', async () => {
  const id = await run({
    change: onFirstSent(async (write, { generationId }) => {
      const errorCode = 'DEADLINE_EXCEEDED';
      await parts.change({ generationId, attempt: null, generation: generationMove('FAILED', { errorCode }) });
      return await write();
    }),
  });
  await ends(id, 'FAILED');
  await eventually(async () => expect(await attempts(id)).toEqual([['REFUSED', 'NEVER_SENT']]));
  expect(submits()).toBe(0);
});

it('does not send after it was paused for so long that the submit may have been given up', async () => {
  const id = await run({
    settings: { ...parts.settings, unconfirmedMs: 1_000 },
    change: onFirstSent(async (write) => {
      const result = await write();
      await sleep(600);
      return result;
    }),
  });
  await ends(id, 'SUCCEEDED');
  expect(await attempts(id)).toEqual([
    ['REFUSED', 'NEVER_SENT'],
    ['DONE', null],
  ]);
  expect(submits()).toBe(1);
});

it('keeps a refusal certain when the account cannot be paused', async () => {
  sandbox.setCredits(0, 'key');
  const id = await run({
    pauses: {
      ...parts.pauses,
      pause: async () => await Promise.reject(new Error('The database is away.')),
    },
  });
  await eventually(async () => expect(await attempts(id)).toEqual([['REFUSED', 'PROVIDER_OUT_OF_CREDITS']]));
  const [row] = await bench.sql('select status::text, error_code from generation where id = $1::uuid', id);
  expect(row).toEqual({ status: 'QUEUED', error_code: 'PROVIDER_OUT_OF_CREDITS' });
});

it('stops in time although the database takes no change', async () => {
  const id = await run({
    settings: { ...parts.settings, drainMs: 300 },
    change: async () => await Promise.reject(new Error('The database is away.')),
  });
  await eventually(async () => expect(await attempts(id)).toEqual([['INTENDED', null]]));
  const startedAt = performance.now();
  await poller.stop();
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

it('does not give up a task for one "not found", however long ago it was accepted', async () => {
  let slips = 2;
  const [served] = parts.accounts;
  if (served === undefined) throw new Error('There is no account.');
  const slipping: Provider = {
    ...served.provider,
    async look(account, task, signal) {
      if (slips > 0) {
        slips -= 1;
        return { kind: 'notFound' };
      }
      return await served.provider.look(account, task, signal);
    },
  };
  const id = await run({
    accounts: [{ ...served, provider: slipping }],
    worklist: {
      ...parts.worklist,
      // As after an outage of an hour.
      async load(ref) {
        const item = await parts.worklist.load(ref);
        const acceptedAt = new Date(Date.now() - 3_600_000);
        return item === null ? null : { ...item, attempt: { ...item.attempt, acceptedAt } };
      },
    },
  });
  await ends(id, 'SUCCEEDED');
  expect(slips).toBe(0);
  expect(submits()).toBe(1);
});
