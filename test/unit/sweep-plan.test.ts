import { expect, it } from 'vitest';
import type { ParameterValues } from '../../src/domain/model.js';
import { accepted } from '../../src/domain/refusal.js';
import type { Prepare } from '../../src/service/generate.js';
import { createSweepService, type SweepRequest } from '../../src/service/sweep.js';
import { newGeneration } from '../support/new-generation.js';
import { fakeImages, told, valueOf, viewer } from './fakes.js';

const unused = async (): Promise<never> => {
  throw new Error('Not asked for here.');
};
const request: SweepRequest = {
  control: 'NONE',
  profileId: 'prf',
  prompt: 'a jar',
  parameters: {},
  images: {},
  provider: null,
  model: null,
  strict: false,
  tags: [],
  priority: 0,
  deadlineSeconds: null,
  idempotencyKey: null,
  columns: { guidance: [2, 9] },
  rows: null,
  pages: null,
  withBaseline: false,
  maxCostMicros: null,
  allowUnknownPrice: false,
};

/** Plans with a route that sends each cell what `send` says. */
async function plan(send: (guidance: number) => { parameters: ParameterValues; model?: string }) {
  const prepare: Prepare = async (_viewer, { parameters, inherited }) => {
    const row = newGeneration({
      projectId: viewer.projectId,
      asked: { seed: inherited?.seed ?? 0 },
      ...send(Number(parameters.guidance)),
    });
    return accepted({ row, images: {}, leftOut: [] });
  };
  const service = createSweepService({
    sweeps: {
      create: unused,
      find: unused,
      page: unused,
      byToken: unused,
      cells: unused,
      pictures: unused,
      tally: unused,
      markCanceled: unused,
    },
    history: { generations: unused },
    idempotency: { find: unused },
    images: fakeImages(),
    bytes: { put: unused, read: unused },
    storage: { accepting: unused },
    prepare,
    stopService: { cancel: unused },
    onAccepted: () => undefined,
  });
  return await service.plan(viewer, request);
}

it('plans cells that differ as their axes say, with one seed for all', async () => {
  const planned = valueOf(await plan((guidance) => ({ parameters: { guidance } })));
  expect(planned.cells.map(({ row }) => row.parameters.guidance)).toEqual([2, 9]);
  expect(planned.cells.map(({ row }) => row.asked?.seed)).toEqual([planned.seed, planned.seed]);
});

it('refuses values of an axis that would be brought near, and those of no effect', async () => {
  expect(told(await plan((guidance) => ({ parameters: { guidance: Math.min(5, guidance) } })))).toEqual([
    'UNSUPPORTED input.columns.guidance',
  ]);
  expect(told(await plan(() => ({ parameters: {} })))).toEqual(['UNSUPPORTED input.columns.guidance']);
});

it('refuses a grid of several models', async () => {
  const planned = await plan((guidance) => ({ parameters: { guidance }, model: guidance > 5 ? 'a/one' : 'a/two' }));
  expect(told(planned)).toEqual(['CONFLICT input.model']);
});
