import { afterEach, beforeEach, expect, it } from 'vitest';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import { createWorklist } from '../../src/store/worklist.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
const [one, two, old] = [newId(), newId(), newId()];
const deadAfterMs = 15_000;

beforeEach(async () => {
  bench = await openLedger();
  for (const id of [one, two, old]) await bench.store.worklist.register({ id, host: 'here', pid: 1 });
});

afterEach(async () => {
  await bench.stop();
});

async function attemptsOf(instanceId: string, count: number): Promise<string[]> {
  await bench.accept(count);
  const refs = await bench.store.worklist.admit({ account: 'sandbox', instanceId, limit: 1_000, atMost: count });
  return refs.map((ref) => ref.generationId).sort();
}

async function age(instanceId: string, seconds: number): Promise<void> {
  await bench.sql(
    "update instance set renewed_at = now() - $2 * interval '1 second' where id = $1::uuid",
    instanceId,
    seconds,
  );
}

async function takeOver(instanceId: string): Promise<string[]> {
  const refs = await bench.store.worklist.takeOver({ instanceId, accounts: ['sandbox'], deadAfterMs });
  return refs.map((ref) => ref.generationId).sort();
}

it('takes from the dead and from nobody else', async () => {
  const theirs = await attemptsOf(two, 3);
  const left = await attemptsOf(old, 3);
  await age(two, 14);
  await age(old, 16);
  expect(await takeOver(one)).toEqual(left);
  expect(await takeOver(one)).toEqual([]);
  const [row] = await bench.sql('select count(*)::int as n from attempt where instance_id = $1::uuid', two);
  expect(row).toEqual({ n: theirs.length });
});

it('tells a paused owner at its next renewal', async () => {
  await age(old, 16);
  await takeOver(one);
  expect(await bench.store.worklist.renew(old)).toBe(false);
  expect(await bench.store.worklist.renew(one)).toBe(true);
});

it('lets a late owner keep its lease when nobody has taken it', async () => {
  await age(old, 60);
  expect(await bench.store.worklist.renew(old)).toBe(true);
  expect(await takeOver(one)).toEqual([]);
});

it('takes at once from one that has given up its lease', async () => {
  const left = await attemptsOf(old, 2);
  await bench.store.worklist.release(old);
  expect(await takeOver(one)).toEqual(left);
});

it('takes what holds a slot or is being saved, and nothing that is over', async () => {
  const [intended = '', sent = '', accepted = '', saving = '', done = '', refused = ''] = await attemptsOf(old, 6);
  const attempt = async (id: string, ...states: Parameters<typeof attemptMove>[2][]): Promise<void> => {
    for (const state of states) {
      await bench.store.ledger.change({ generationId: id, attempt: attemptMove(1, old, state), generation: null });
    }
  };
  const move = async (id: string, ...path: Parameters<typeof generationMove>[0][]): Promise<void> => {
    for (const to of path) {
      await bench.store.ledger.change({ generationId: id, attempt: null, generation: generationMove(to) });
    }
  };
  await attempt(sent, 'SENT');
  await attempt(accepted, 'SENT', 'ACCEPTED');
  await attempt(saving, 'SENT', 'ACCEPTED', 'DONE');
  await move(saving, 'RUNNING', 'SAVING');
  await attempt(done, 'SENT', 'ACCEPTED', 'DONE');
  await move(done, 'RUNNING', 'SAVING', 'SUCCEEDED');
  await attempt(refused, 'REFUSED');
  await move(refused, 'QUEUED');
  await age(old, 16);
  expect(await takeOver(one)).toEqual([intended, sent, accepted, saving].sort());
});

it('goes to exactly one of those that ask at the same time', async () => {
  const left = await attemptsOf(old, 40);
  await age(old, 16);
  const others = [one, two].flatMap((id) => {
    const worklist = createWorklist(bench.connect());
    return [
      async () => await worklist.takeOver({ instanceId: id, accounts: ['sandbox'], deadAfterMs }),
      async () => await worklist.takeOver({ instanceId: id, accounts: ['sandbox'], deadAfterMs }),
    ];
  });
  const taken = (await Promise.all(others.map(async (ask) => await ask()))).flat();
  expect(taken.map((ref) => ref.generationId).sort()).toEqual(left);
});

it('goes to exactly one also when the owner has left no row', async () => {
  const left = await attemptsOf(old, 40);
  await bench.store.worklist.release(old);
  const [first, second] = [createWorklist(bench.connect()), createWorklist(bench.connect())];
  const taken = await Promise.all([
    first.takeOver({ instanceId: one, accounts: ['sandbox'], deadAfterMs }),
    second.takeOver({ instanceId: two, accounts: ['sandbox'], deadAfterMs }),
  ]);
  expect(
    taken
      .flat()
      .map((ref) => ref.generationId)
      .sort(),
  ).toEqual(left);
});

it('takes only from the accounts that it serves', async () => {
  const left = await attemptsOf(old, 2);
  await bench.store.worklist.release(old);
  const asked = { instanceId: one, deadAfterMs };
  expect(await bench.store.worklist.takeOver({ ...asked, accounts: ['elsewhere'] })).toEqual([]);
  expect(await bench.store.worklist.takeOver({ ...asked, accounts: [] })).toEqual([]);
  expect(await bench.store.worklist.takeOver({ ...asked, accounts: ['elsewhere', 'sandbox'] })).toHaveLength(
    left.length,
  );
});

it('takes everything when it knows that it is alone', async () => {
  const own = await attemptsOf(one, 1);
  const left = [...(await attemptsOf(two, 2)), ...(await attemptsOf(old, 2))];
  const refs = await bench.store.worklist.takeOver({ instanceId: one, accounts: ['sandbox'], deadAfterMs: null });
  expect(refs.map((ref) => ref.generationId).sort()).toEqual(left.sort());
  expect(refs.map((ref) => ref.generationId)).not.toContain(own[0]);
});

it('knows what it owns, should it have forgotten', async () => {
  const own = await attemptsOf(one, 3);
  expect(await bench.store.worklist.owned(one)).toEqual([]);
  await bench.sql("update attempt set intended_at = now() - interval '6 seconds'");
  expect((await bench.store.worklist.owned(one)).map((ref) => ref.generationId).sort()).toEqual(own);
  expect(await bench.store.worklist.owned(two)).toEqual([]);
});
