import * as fc from 'fast-check';
import { GraphQLEnumType } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttemptMove, GenerationMove } from '../../src/domain/change.js';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import {
  attemptStates,
  attemptTransitions,
  controlKinds,
  generationStatuses,
  generationTransitions,
  isTerminal,
  moderationStages,
  terminalStatuses,
  type AttemptState,
  type GenerationStatus,
} from '../../src/domain/lifecycle.js';
import { createSchema } from '../../src/graphql/schema.js';
import {
  AttemptState as PrismaAttemptState,
  GenerationStatus as PrismaStatus,
} from '../../src/store/generated/enums.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
const me = newId();

beforeAll(async () => {
  bench = await openLedger();
  await bench.store.worklist.register({ id: me, host: 'here', pid: 1 });
});

afterAll(async () => {
  await bench.stop();
});

async function labelsOf(type: string): Promise<unknown[]> {
  const rows = await bench.sql(`select unnest(enum_range(null::${type}))::text as label`);
  return rows.map((row) => row['label']);
}

it('has the same states in the table, the database, Prisma and GraphQL', async () => {
  const schema = await createSchema();
  const graphql = (name: string): string[] => {
    const type = schema.getType(name);
    return type instanceof GraphQLEnumType ? type.getValues().map((value) => value.name) : [];
  };
  const sorted = (values: readonly unknown[]): string[] => values.map(String).sort();
  for (const [values, type, name] of [
    [generationStatuses, 'generation_status', 'GenerationStatus'],
    [attemptStates, 'attempt_state', 'AttemptState'],
    [controlKinds, 'control_kind', 'ControlKind'],
    [moderationStages, 'moderation_stage', 'ModerationStage'],
  ] as const) {
    expect(sorted(await labelsOf(type))).toEqual(sorted(values));
    expect(sorted(graphql(name))).toEqual(sorted(values));
  }
  expect(sorted(Object.values(PrismaStatus))).toEqual(sorted(generationStatuses));
  expect(sorted(Object.values(PrismaAttemptState))).toEqual(sorted(attemptStates));
});

it('has no transition to a state that is not in the table, and none out of a terminal one', () => {
  for (const targets of Object.values(generationTransitions)) {
    for (const to of targets) expect(generationStatuses).toContain(to);
  }
  for (const targets of Object.values(attemptTransitions))
    for (const to of targets) expect(attemptStates).toContain(to);
  expect(terminalStatuses).toEqual(['SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED']);
});

/** What a move to this status must bring with it. */
function moveTo(to: GenerationStatus): GenerationMove {
  return generationMove(to, {
    ...(to === 'MODERATED' ? { moderationStage: 'OUTPUT' as const } : {}),
    ...(to === 'FAILED' ? { errorCode: 'PROVIDER_FAILED' as const } : {}),
  });
}

type Step =
  | { kind: 'generation'; to: GenerationStatus }
  | { kind: 'attempt'; to: AttemptState; with: GenerationStatus | null; stranger: boolean };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('generation' as const), to: fc.constantFrom(...generationStatuses) }),
  fc.record({
    kind: fc.constant('attempt' as const),
    to: fc.constantFrom(...attemptStates),
    with: fc.option(fc.constantFrom(...generationStatuses)),
    stranger: fc.nat(4).map((n) => n === 0),
  }),
);

function allows(from: GenerationStatus, to: GenerationStatus): boolean {
  const targets: readonly GenerationStatus[] = generationTransitions[from];
  return targets.includes(to);
}

function attemptAllows(from: AttemptState, to: AttemptState): boolean {
  const targets: readonly AttemptState[] = attemptTransitions[from];
  return targets.includes(to);
}

/** An admitted generation with its first attempt INTENDED, alone at its account. */
async function admitted(account = newId()): Promise<string> {
  const [id = ''] = await bench.accept(1, { account });
  expect(await bench.store.worklist.admit({ account, instanceId: me, limit: 1, atMost: 1 })).toEqual([
    { generationId: id, n: 1 },
  ]);
  return id;
}

it('makes only the changes of the table, whatever is tried in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 14 }), async (steps) => {
      const id = await admitted();
      let model: { status: GenerationStatus; state: AttemptState; version: number } = {
        status: 'SUBMITTING',
        state: 'INTENDED',
        version: 2,
      };
      for (const step of steps) {
        const to = step.kind === 'generation' ? step.to : step.with;
        const generation = to === null ? null : moveTo(to);
        const attempt: AttemptMove | null =
          step.kind === 'generation' ? null : attemptMove(1, step.stranger ? newId() : me, step.to);
        const attemptChanges = step.kind === 'attempt' && !step.stranger && attemptAllows(model.state, step.to);
        const generationChanges =
          to !== null && allows(model.status, to) && (step.kind === 'generation' || attemptChanges);
        const result = await bench.store.ledger.change({ generationId: id, generation, attempt });
        expect(result).toEqual({ attemptChanged: attemptChanges, generationChanged: generationChanges });
        model = {
          status: generationChanges && to !== null ? to : model.status,
          state: attemptChanges && step.kind === 'attempt' ? step.to : model.state,
          version: model.version + (generationChanges ? 1 : 0),
        };
        const [row] = await bench.sql(
          `select g.status::text, g.version, a.state::text from generation g join attempt a on a.generation_id = g.id
           where g.id = $1::uuid`,
          id,
        );
        expect(row).toEqual(model);
      }
    }),
    { numRuns: 40, seed: 20_261_121, endOnFailure: true },
  );
  await bench.checkHistory();
});

it('never leaves a terminal status', async () => {
  for (const end of terminalStatuses) {
    const id = await admitted();
    await bench.store.ledger.change({ generationId: id, attempt: null, generation: moveTo('RUNNING') });
    await bench.store.ledger.change({ generationId: id, attempt: null, generation: moveTo('SAVING') });
    const ended = await bench.store.ledger.change({ generationId: id, attempt: null, generation: moveTo(end) });
    expect(ended.generationChanged).toBe(true);
    for (const to of generationStatuses) {
      const { generationChanged } = await bench.store.ledger.change({
        generationId: id,
        attempt: null,
        // Even a caller that wrongly believes in it.
        generation: { ...moveTo(to), from: generationStatuses.filter((status) => !isTerminal(status)) },
      });
      expect([end, to, generationChanged]).toEqual([end, to, false]);
    }
    const [row] = await bench.sql('select status::text, version from generation where id = $1::uuid', id);
    expect(row).toEqual({ status: end, version: 5 });
  }
});

it('adds what a late result cost to an ended generation, and changes nothing else of it', async () => {
  const id = await admitted();
  const quoted = { from: ['SENT'] as const, quotedMicros: 60_000, taskId: 't1' };
  await bench.store.ledger.change({ generationId: id, attempt: attemptMove(1, me, 'SENT'), generation: null });
  await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, me, 'ACCEPTED', quoted),
    generation: generationMove('RUNNING'),
  });
  await bench.store.ledger.change({
    generationId: id,
    attempt: null,
    generation: generationMove('FAILED', { errorCode: 'DEADLINE_EXCEEDED' }),
  });
  const late = await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, me, 'DONE', { settledMicros: 45_000, looks: 9 }),
    generation: generationMove('SAVING'),
    resultImageIds: [newId()],
  });
  expect(late).toEqual({ attemptChanged: true, generationChanged: false });
  const [row] = await bench.sql(
    `select g.status::text, g.error_code, g.version, g.cost_quoted_micros::int as quoted,
            g.cost_settled_micros::int as settled, a.state::text, a.cost_micros::int as cost,
            (select count(*)::int from generation_image where generation_id = g.id) as images
     from generation g join attempt a on a.generation_id = g.id where g.id = $1::uuid`,
    id,
  );
  expect(row).toEqual({
    status: 'FAILED',
    error_code: 'DEADLINE_EXCEEDED',
    version: 4,
    quoted: 60_000,
    settled: 45_000,
    state: 'DONE',
    cost: 45_000,
    images: 0,
  });
});

it('lets nobody but the owner change an attempt', async () => {
  const account = newId();
  const id = await admitted(account);
  const stranger = await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, newId(), 'SENT'),
    generation: null,
  });
  expect(stranger).toEqual({ attemptChanged: false, generationChanged: false });
  const other = newId();
  await bench.store.worklist.register({ id: other, host: 'there', pid: 2 });
  await bench.store.worklist.release(me);
  expect(
    await bench.store.worklist.takeOver({ instanceId: other, accounts: [account], deadAfterMs: 60_000 }),
  ).toContainEqual({ generationId: id, n: 1 });
  const late = await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, me, 'SENT'),
    generation: null,
  });
  expect(late).toEqual({ attemptChanged: false, generationChanged: false });
  const now = await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, other, 'SENT'),
    generation: null,
  });
  expect(now.attemptChanged).toBe(true);
  await bench.checkHistory();
});

it('takes evidence from whoever has it, and says who goes on with it', async () => {
  const id = await admitted();
  const other = newId();
  await bench.store.ledger.change({ generationId: id, attempt: attemptMove(1, me, 'SENT'), generation: null });
  const heard = await bench.store.ledger.change({
    generationId: id,
    attempt: attemptMove(1, null, 'ACCEPTED', { ownerId: other, taskId: 't1' }),
    generation: generationMove('RUNNING'),
  });
  expect(heard).toEqual({ attemptChanged: true, generationChanged: true });
  const [row] = await bench.sql('select instance_id::text, task_id from attempt where generation_id = $1::uuid', id);
  expect(row).toEqual({ instance_id: other, task_id: 't1' });
});

it('moves an attempt only while its generation is where the caller says', async () => {
  const id = await admitted();
  await bench.store.ledger.change({ generationId: id, attempt: null, generation: moveTo('CANCELED') });
  const sent = { generationId: id, generation: null };
  const whileStatus = ['SUBMITTING'] as const;
  const late = await bench.store.ledger.change({ ...sent, attempt: attemptMove(1, me, 'SENT', { whileStatus }) });
  expect(late.attemptChanged).toBe(false);
  const given = await bench.store.ledger.change({ ...sent, attempt: attemptMove(1, me, 'REFUSED') });
  expect(given.attemptChanged).toBe(true);
});
