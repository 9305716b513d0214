import type { Shortfall } from './budget.js';
import type { NewGeneration, RequestKey } from './generation.js';
import type { Grid } from './grid.js';
import type { ControlKind } from './lifecycle.js';
import type { Window } from './ports.js';
import type { SheetPicture } from './sheet.js';
import type { TallyRow } from './tally.js';

/** A grid of generations that were asked for together. */
export type Sweep = {
  id: string;
  projectId: string;
  control: ControlKind;
  profileId: string;
  provider: string;
  /** Id of the model of every cell. */
  model: string;
  grid: Grid;
  cellCount: number;
  /** The seed that Darkroom drew for all cells; null where the caller gave one, or the model takes none. */
  seed: number | null;
  /** Pixels of one cell in the contact sheet. */
  cellWidth: number;
  cellHeight: number;
  token: string;
  maxCostMicros: number;
  /** Sum of the prices that are known, in micro-USD. */
  costEstimatedMicros: number;
  /** Cells whose price is not. */
  unknownPrices: number;
  createdAt: Date;
  canceledAt: Date | null;
};

export type NewSweep = Omit<Sweep, 'createdAt' | 'canceledAt'>;

/** A cell and what is in it. */
export type SweepCell = { sweepId: string; n: number; generationId: string };

/** Sweeps in the database. Those with a project see nothing else. */
export type Sweeps = {
  /** All or nothing, durable when it answers. Null: its idempotency key was taken meanwhile. A shortfall: a budget is too small. */
  create(
    sweep: NewSweep,
    rows: readonly NewGeneration[],
    requestKey: RequestKey | null,
  ): Promise<Sweep | Shortfall | null>;
  find(projectId: string, ids: readonly string[]): Promise<Sweep[]>;
  page(projectId: string, window: Window): Promise<Sweep[]>;
  /** By the secret part of its sheet's URL. */
  byToken(id: string, token: string): Promise<Sweep | null>;
  cells(projectId: string, sweepIds: readonly string[]): Promise<SweepCell[]>;
  /** The cells that these generations fill. */
  cellsOf(projectId: string, generationIds: readonly string[]): Promise<SweepCell[]>;
  /** What its sheet shows, in the order of the cells. */
  pictures(sweep: Pick<Sweep, 'id' | 'projectId'>): Promise<SheetPicture[]>;
  tally(projectId: string, sweepIds: readonly string[]): Promise<(TallyRow & { sweepId: string })[]>;
  /** Notes that the rest was canceled; once. */
  markCanceled(projectId: string, id: string): Promise<void>;
};
