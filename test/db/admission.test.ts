import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import type { AttemptRef } from '../../src/domain/ports.js';
import { newId } from '../../src/domain/ids.js';
import { admit } from '../../src/store/admit.js';
import { createChange } from '../../src/store/change.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
const me = newId();
const account = 'sandbox';

beforeEach(async () => {
  bench = await openLedger();
  await bench.store.worklist.register({ id: me, host: 'here', pid: 1 });
});

afterEach(async () => {
  await bench.stop();
});

async function admitted(limit: number, atMost = 100): Promise<string[]> {
  const refs = await bench.store.worklist.admit({ account, instanceId: me, limit, atMost });
  return refs.map((ref) => ref.generationId);
}

async function change(
  id: string,
  attempt: Parameters<typeof attemptMove>[2] | null,
  to: Parameters<typeof generationMove>[0] | null,
) {
  const details = to === 'FAILED' ? { errorCode: 'DEADLINE_EXCEEDED' as const } : {};
  await bench.store.ledger.change({
    generationId: id,
    attempt: attempt === null ? null : attemptMove(1, me, attempt),
    generation: to === null ? null : generationMove(to, details),
  });
}

async function slots(): Promise<number> {
  const [row] = await bench.sql(
    "select count(*)::int as n from attempt where state in ('INTENDED', 'SENT', 'ACCEPTED')",
  );
  return Number(row?.['n']);
}

it('never gives more slots than there are, with four pollers at it while tasks come and end', async () => {
  const limit = 7;
  const total = 80;
  await bench.accept(20);
  const random = fc.sample(fc.nat(3), { numRuns: 400, seed: 7 });
  let turn = 0;
  let most = 0;
  let done = 0;

  /** Each goes before all that wait, so that no two admissions see the same queue. */
  async function accept(): Promise<void> {
    for (let n = 20; n < total; n += 1) await bench.accept(1, { priority: n });
  }

  async function poll(): Promise<void> {
    const database = bench.connect();
    const { change: write } = createChange(database);
    const held: AttemptRef[] = [];
    while (done < total) {
      held.push(...(await admit(database, { account, instanceId: me, limit, atMost: 5 })));
      most = Math.max(most, await slots());
      for (const ref of held.splice(0, random[turn++ % random.length])) {
        const moves = { generationId: ref.generationId, generation: null };
        await write({ ...moves, attempt: attemptMove(ref.n, me, 'REFUSED') });
        done += 1;
      }
    }
  }
  await Promise.all([accept(), poll(), poll(), poll(), poll()]);
  expect(most).toBe(limit);
  const [row] = await bench.sql('select count(*)::int as n, max(n) as most from attempt');
  expect(row).toEqual({ n: total, most: 1 });
  await bench.checkHistory();
});

it('counts a slot for as long as the provider may be running the attempt, whatever became of the generation', async () => {
  await bench.accept(6);
  const [unconfirmed = '', failed = '', canceled = '', running = ''] = await admitted(4);
  for (const id of [unconfirmed, failed, canceled, running]) await change(id, 'SENT', null);
  await change(unconfirmed, null, 'UNCONFIRMED');
  for (const id of [failed, canceled, running]) await change(id, 'ACCEPTED', 'RUNNING');
  await change(failed, null, 'FAILED');
  await change(canceled, null, 'CANCELED');
  expect(await admitted(4)).toEqual([]);

  await change(failed, 'DONE', null);
  expect(await admitted(4)).toHaveLength(1);
  await change(unconfirmed, 'LOST', 'FAILED');
  expect(await admitted(4)).toHaveLength(1);
  await change(running, 'DONE', 'SAVING');
  expect(await slots()).toBe(3);
  expect(await admitted(4)).toEqual([]);
});

it('shares slots evenly between projects, whoever came first', async () => {
  const other = await bench.addProject('other');
  const mine = await bench.accept(20);
  const theirs = await bench.accept(5, { projectId: other });
  const first = await admitted(6);
  expect(first.filter((id) => theirs.includes(id))).toHaveLength(3);
  expect(first.filter((id) => mine.includes(id))).toHaveLength(3);
});

it('gives the next slots to the project with the fewest running', async () => {
  const mine = await bench.accept(20);
  expect(await admitted(4)).toHaveLength(4);
  const other = await bench.addProject('other');
  const theirs = await bench.accept(20, { projectId: other });
  const next = await admitted(8);
  expect(next.filter((id) => theirs.includes(id))).toHaveLength(4);
  expect(next.filter((id) => mine.includes(id))).toHaveLength(0);
  // Even again from here on.
  expect((await admitted(10)).filter((id) => mine.includes(id))).toHaveLength(1);
});

it('takes the higher priority first, and the older of equal ones', async () => {
  const [old = '', older = ''] = (await bench.accept(2)).toReversed();
  const [urgent = ''] = await bench.accept(1, { priority: 5 });
  const [idle = ''] = await bench.accept(1, { priority: -5 });
  expect(await admitted(1)).toEqual([urgent]);
  expect(await admitted(2)).toEqual([older]);
  expect(await admitted(3)).toEqual([old]);
  expect(await admitted(4)).toEqual([idle]);
});

it('does not let a priority push aside another project', async () => {
  const other = await bench.addProject('other');
  await bench.accept(10, { priority: 100 });
  const [theirs = ''] = await bench.accept(1, { projectId: other });
  expect(await admitted(2)).toContain(theirs);
});

it('admits at most as many as asked for, and leaves other accounts alone', async () => {
  await bench.accept(5);
  const elsewhere = await bench.accept(2, { account: 'elsewhere' });
  expect(await admitted(10, 2)).toHaveLength(2);
  const rest = await admitted(10);
  expect(rest).toHaveLength(3);
  expect(rest).not.toContain(elsewhere[0]);
});

it('admits nothing for an account that is paused, and goes on when the pause is over', async () => {
  await bench.accept(1);
  const { pauses } = bench.store;
  await pauses.pause({ account, code: 'PROVIDER_OUT_OF_CREDITS', message: 'no credits', probeInMs: 0 });
  expect(await admitted(5)).toEqual([]);
  await pauses.resume(account, { probed: true });
  expect(await admitted(5)).toHaveLength(1);
});

it('admits nothing before its time, and nothing past its deadline', async () => {
  const [early = '', due = '', late = ''] = await bench.accept(3);
  await bench.sql("update generation set next_attempt_at = now() + interval '1 hour' where id = $1::uuid", early);
  await bench.sql("update generation set next_attempt_at = now() - interval '1 second' where id = $1::uuid", due);
  await bench.sql("update generation set deadline = now() - interval '1 second' where id = $1::uuid", late);
  expect(await admitted(5)).toEqual([due]);
  const [row] = await bench.sql('select next_attempt_at from generation where id = $1::uuid', due);
  expect(row).toEqual({ next_attempt_at: null });
});

it('keeps every process to its own limit, whatever the others have', async () => {
  await bench.accept(20);
  const take = async (limit: number): Promise<number> =>
    (await bench.store.worklist.admit({ account, instanceId: newId(), limit, atMost: 100 })).length;
  expect(await take(3)).toBe(3);
  // The slots are counted for all: one that may take more takes the rest, one that may take fewer takes nothing.
  expect(await take(7)).toBe(4);
  expect(await take(3)).toBe(0);
  expect(await take(7)).toBe(0);
  expect(await take(8)).toBe(1);
});

it('lets a project with one generation wait no longer than for the next free slot behind ten thousand', async () => {
  const other = await bench.addProject('small');
  for (let n = 0; n < 20; n += 1) await bench.accept(500);
  const [first] = await admitted(4);
  await bench.accept(1, { projectId: other });
  await bench.store.ledger.change({
    generationId: first ?? '',
    attempt: attemptMove(1, null, 'REFUSED', { from: ['INTENDED'] }),
    generation: generationMove('FAILED', { errorCode: 'PROVIDER_REFUSED' }),
  });
  const [next, ...more] = await admitted(4);
  expect(more).toEqual([]);
  const [row] = await bench.sql('select project_id::text as project from generation where id = $1::uuid', next);
  expect(row).toEqual({ project: other });
});
