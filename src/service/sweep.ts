import { randomBytes, randomInt } from 'node:crypto';
import { budgetRefusal, isShortfall } from '../domain/budget.js';
import type { NewGeneration } from '../domain/generation.js';
import { buildGrid, cellsOf, decidedBy, type AxisInput, type Cell, type Grid } from '../domain/grid.js';
import { keyOf, newId } from '../domain/ids.js';
import { imageInputNames, parameterNames } from '../domain/model.js';
import type { History, Idempotency, Images, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import type { NewSweep, Sweep, Sweeps } from '../domain/sweep.js';
import { keepPrepared, type CheckedImages, type Prepared } from './accept.js';
import { cancelAll, type CanceledGroup } from './cancel-all.js';
import { checkCost, costOf, type PlannedCost } from './cost-limit.js';
import type { GenerateRequest, Prepare, PrepareRequest } from './generate.js';
import { checkIdempotencyKey, findKept, requestKeyOf } from './idempotency.js';
import { refusalWhenLow, type ImageBytes, type Storage } from './images.js';
import type { StopService } from './stop.js';

export type SweepRequest = Omit<GenerateRequest, 'prompt' | 'strict'> & {
  /** Null where an axis gives prompts. */
  prompt: string | null;
  columns: AxisInput | null;
  rows: AxisInput | null;
  pages: AxisInput | null;
  /** Begin an axis of strengths with 0. */
  withBaseline: boolean;
  /** Micro-USD by the price list; needed to start, not to plan. */
  maxCostMicros: number | null;
  allowUnknownPrice: boolean;
};

export type SweepPlan = PlannedCost & {
  grid: Grid;
  /** In the order of the cells, at least one. */
  cells: Prepared[];
  first: Prepared;
  /** The seed drawn for all cells. A plan that is repeated draws another one. */
  seed: number | null;
  /** Whether its cost lets it start. */
  withinLimit: boolean;
};

export type CanceledSweep = CanceledGroup & { sweep: Sweep };

export type SweepService = {
  /** Checks everything and writes nothing. */
  plan(viewer: Viewer, request: SweepRequest): Promise<Checked<SweepPlan>>;
  /** Accepts all cells, or none. */
  create(viewer: Viewer, request: SweepRequest): Promise<Checked<Sweep>>;
  cancel(viewer: Viewer, id: string): Promise<Checked<CanceledSweep>>;
};

type Parts = {
  sweeps: Sweeps;
  history: Pick<History, 'generations'>;
  idempotency: Idempotency;
  images: Images;
  bytes: ImageBytes;
  storage: Storage;
  prepare: Prepare;
  stopService: Pick<StopService, 'cancel'>;
  /** Called when generations wait to be submitted. */
  onAccepted: () => void;
};

const root = ['input'];
/** Seeds are drawn below this: every provider takes them. */
const seedsBelow = 2 ** 31;
/** Refusals told at once: a grid repeats the same mistake in every cell. */
const toldAtMost = 20;

export function createSweepService(parts: Parts): SweepService {
  const { sweeps, prepare } = parts;

  async function plan(viewer: Viewer, request: SweepRequest): Promise<Checked<SweepPlan>> {
    const { columns, rows, pages, withBaseline } = request;
    const built = buildGrid({ columns, rows, pages }, { baseline: withBaseline, path: root });
    if (!built.ok) return built;
    const grid = built.value;
    const faults = [...checkNotTwice(grid, request), ...checkRange(request)];
    if (faults.length > 0) return refused(...faults);

    const seedGiven = request.parameters.seed != null || grid.some(({ name }) => name === 'seed');
    const seed = seedGiven ? null : randomInt(seedsBelow);
    const prepared: Prepared[] = [];
    const refusals = new Map<string, Refusal>();
    let images: CheckedImages | undefined;
    for (const cell of cellsOf(grid)) {
      // All cells go to one model, or they could not be compared.
      const model = prepared[0]?.row.model ?? request.model;
      const checked = await prepare(viewer, cellRequest({ ...request, model }, cell, { seed, images }));
      if (checked.ok) {
        images ??= checked.value.images;
        prepared.push(checked.value);
        continue;
      }
      for (const each of checked.refusals) {
        const told = asSweepRefusal(grid, each);
        refusals.set(JSON.stringify([told.path, told.message]), told);
      }
      // The images are the same for every cell, and take long to check.
      if (checked.refusals.some(({ path }) => isImage(path[1]))) break;
    }
    const [first] = prepared;
    if (refusals.size > 0 || first === undefined) return refused(...[...refusals.values()].slice(0, toldAtMost));
    const cost = costOf(prepared.map(({ row }) => row.costEstimatedMicros));
    return accepted({
      grid,
      cells: prepared,
      first,
      seed: first.adjusted.includes('seed') ? null : seed,
      withinLimit: checkLimit(request, cost, prepared.length).length === 0,
      ...cost,
    });
  }

  async function find(projectId: string, id: string): Promise<Sweep | null> {
    return (await sweeps.find(projectId, [id]))[0] ?? null;
  }

  return {
    plan,

    async create(viewer, request) {
      const { idempotencyKey, ...asked } = request;
      const keyFaults = checkIdempotencyKey(idempotencyKey);
      if (keyFaults.length > 0) return refused(...keyFaults);
      const requestKey = requestKeyOf(viewer, idempotencyKey, { sweep: asked });
      const findEarlier = async (): Promise<Checked<Sweep> | null> => {
        if (requestKey === null) return null;
        const read = async (id: string): Promise<Sweep | null> => await find(viewer.projectId, id);
        return await findKept(parts.idempotency, viewer, { ...requestKey, path: root }, read);
      };
      const earlier = await findEarlier();
      if (earlier !== null) return earlier;
      const low = await refusalWhenLow(parts.storage, viewer.projectId, root);
      if (low !== null) return refused(low);
      const planned = await plan(viewer, request);
      if (!planned.ok) return planned;
      const tooMuch = checkLimit(request, planned.value, planned.value.cells.length);
      if (tooMuch.length > 0) return refused(...tooMuch);

      const kept = await keepPrepared(parts, planned.value.first, root);
      if (!kept.ok) return kept;
      const rows = planned.value.cells.map(({ row }): NewGeneration =>
        Object.assign(row, { images: kept.value.images, requestKey: null }),
      );
      const sweep = newSweep(viewer, request, planned.value);
      const created = await sweeps.create(sweep, rows, requestKey);
      if (created !== null && !isShortfall(created)) {
        parts.onAccepted();
        return accepted(created);
      }
      const winner = await findEarlier();
      if (winner === null && created !== null) return refused(budgetRefusal(created, root, `The ${rows.length} cells`));
      if (winner === null) throw new Error('An idempotency key was taken, and by nobody.');
      return winner;
    },

    async cancel(viewer, id) {
      const key = keyOf('Sweep', id);
      const sweep = key === null ? null : await find(viewer.projectId, key);
      if (sweep === null) {
        return refused(refusal('NOT_FOUND', ['id'], 'There is no such sweep in your project.', { given: id }));
      }
      await sweeps.markCanceled(viewer.projectId, sweep.id);
      const cells = await sweeps.cells(viewer.projectId, [sweep.id]);
      const ids = cells.map(({ generationId }) => generationId);
      const canceled = await cancelAll(parts, viewer, ids);
      return accepted({ sweep: (await find(viewer.projectId, sweep.id)) ?? sweep, ...canceled });
    },
  };
}

function checkRange({ maxCostMicros: given }: SweepRequest): Refusal[] {
  const maximum = Number.MAX_SAFE_INTEGER;
  if (given === null || given >= 0) return [];
  const message = `maxCostMicros must be from 0 to ${maximum}; ${given} was given.`;
  return [refusal('OUT_OF_RANGE', [...root, 'maxCostMicros'], message, { minimum: 0, maximum, given })];
}

function checkLimit(request: SweepRequest, cost: PlannedCost, cells: number): Refusal[] {
  return checkCost(cost, {
    limitMicros: request.maxCostMicros,
    allowUnknownPrice: request.allowUnknownPrice,
    limitPath: [...root, 'maxCostMicros'],
    unknownPath: [...root, 'allowUnknownPrice'],
    what: cells === 1 ? 'One cell' : `${cells} cells`,
  });
}

function isImage(field: string | undefined): boolean {
  return imageInputNames.some((name) => name === field);
}

/** What an axis decides must not be given for all cells as well. */
function checkNotTwice(grid: Grid, request: SweepRequest): Refusal[] {
  return grid.flatMap(({ place, name }) =>
    decidedBy(name).flatMap((decided) => {
      const given = decided === 'prompt' ? request.prompt : (request.parameters[decided] ?? null);
      if (given === null) return [];
      const path = decided === 'prompt' ? [...root, 'prompt'] : [...root, 'parameters', decided];
      return [refusal('INVALID', path, `${decided} is on the axis ${place}; leave it out here.`, { given })];
    }),
  );
}

function cellRequest(
  request: SweepRequest,
  cell: Cell,
  { seed, images }: { seed: number | null; images: CheckedImages | undefined },
): PrepareRequest {
  return {
    control: request.control,
    profileId: request.profileId,
    prompt: cell.prompt ?? request.prompt ?? '',
    parameters: { ...request.parameters, ...cell.parameters },
    inherited: seed === null ? {} : { seed },
    images: request.images,
    ...(images === undefined ? {} : { checkedImages: images }),
    provider: request.provider,
    model: request.model,
    strict: true,
    tags: request.tags,
    subject: request.subject,
    priority: request.priority,
    deadlineSeconds: request.deadlineSeconds,
    onlyRoute: true,
  };
}

/** Refusals name the fields of a single request; in a sweep a field is on an axis or among the parameters of all cells. */
function asSweepRefusal(grid: Grid, each: Refusal): Refusal {
  const [start, field] = each.path;
  if (start !== 'input' || field === undefined) return each;
  const axis = grid.find(({ name }) => decidedBy(name).some((decided) => decided === field));
  if (axis !== undefined) return { ...each, path: [...root, axis.place, axis.name] };
  return parameterNames.some((name) => name === field) ? { ...each, path: [...root, 'parameters', field] } : each;
}

function newSweep(viewer: Viewer, request: SweepRequest, plan: SweepPlan): NewSweep {
  const { row } = plan.first;
  const size = cellSize(plan.first);
  return {
    id: newId(),
    projectId: viewer.projectId,
    control: request.control,
    profileId: row.profileId,
    provider: row.provider,
    model: row.model,
    grid: plan.grid,
    cellCount: plan.cells.length,
    seed: plan.seed,
    cellWidth: size.width,
    cellHeight: size.height,
    token: randomBytes(16).toString('base64url'),
    maxCostMicros: request.maxCostMicros ?? 0,
    costEstimatedMicros: plan.estimatedMicros,
    unknownPrices: plan.unknownPrices,
  };
}

/** Longest side of a cell in a contact sheet, in pixels. */
const cellSide = 256;

/** The proportions of the pictures to come, as far as they are known; within 1:3 and 3:1. */
export function cellSize({ row, images }: Pick<Prepared, 'row' | 'images'>): { width: number; height: number } {
  const control = (images.controlImage ?? images.image)?.image;
  const [wide, tall] = String(row.parameters.aspectRatio ?? '4:3')
    .split(':')
    .map(Number);
  const asked = Number(row.parameters.width) / Number(row.parameters.height);
  const known = control === undefined ? asked : control.width / control.height;
  const ratio = Math.min(3, Math.max(1 / 3, known > 0 && Number.isFinite(known) ? known : Number(wide) / Number(tall)));
  return ratio >= 1
    ? { width: cellSide, height: Math.round(cellSide / ratio) }
    : { width: Math.round(cellSide * ratio), height: cellSide };
}
