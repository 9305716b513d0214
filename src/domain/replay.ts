import type { Shortfall } from './budget.js';
import type { NewGeneration, RequestKey } from './generation.js';
import type { ParameterName, ParameterValues } from './model.js';
import type { GenerationFilter } from './generation-filter.js';
import type { Window } from './ports.js';
import type { SheetPicture } from './sheet.js';
import type { TallyRow } from './tally.js';

/** PLANNED → RUNNING → FINISHED, and CANCELED from either of the first two. */
export const replayStatuses = ['PLANNED', 'RUNNING', 'FINISHED', 'CANCELED'] as const;
export type ReplayStatus = (typeof replayStatuses)[number];

/** A part of history that is run again elsewhere. */
export type Replay = {
  id: string;
  projectId: string;
  status: ReplayStatus;
  /** As it was given, with its times as texts. */
  filter: Readonly<Record<string, unknown>>;
  provider: string;
  model: string | null;
  overrides: ParameterValues;
  reuseSeed: boolean;
  /** Decides which generations were chosen, and in which order they are run. */
  seed: number;
  /** How many were wanted. */
  sample: number;
  /** How many matched. */
  matches: number;
  priority: number;
  costLimitMicros: number;
  allowUnknownPrice: boolean;
  /** Sum of the prices of what was started; never more than the limit. */
  committedMicros: number;
  token: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
};

export type NewReplay = Omit<
  Replay,
  'filter' | 'status' | 'committedMicros' | 'createdAt' | 'startedAt' | 'finishedAt'
> & {
  filter: GenerationFilter;
};

export type ReplayPair = {
  replayId: string;
  originalId: string;
  /** Its turn, from 0. */
  place: number;
  /** By the price list, in micro-USD; null: unknown. */
  priceMicros: number | null;
  adjusted: string[];
  /** Why it is not run. */
  refusalCode: string | null;
  refusalMessage: string | null;
  rerunId: string | null;
  /** 0 (the same picture) to 1; null where there are no two pictures to compare, or not yet. */
  distance: number | null;
  /** When nothing more was to be done for it. */
  endedAt: Date | null;
};

export type PlannedPair = Pick<
  ReplayPair,
  'originalId' | 'place' | 'priceMicros' | 'refusalCode' | 'refusalMessage'
> & {
  adjusted: ParameterName[];
};

/** The end of a started pair: what there is to compare. */
export type EndedPair = {
  originalId: string;
  /** SHA-256 of the two pictures, where there is one. */
  before: string | null;
  after: string | null;
};

/** What a replay comes to, counted over its pairs. */
export type ReplaySummary = {
  /** Pairs that were found runnable, whether started or not. */
  runnable: number;
  started: number;
  ended: number;
  /** Of all runnable pairs, by the prices that are known. */
  estimatedMicros: number;
  unknownPrices: number;
  /** How many of the runnable pairs the limit lets start. */
  affordable: number;
  refused: { code: string; message: string; count: number }[];
  adjusted: { parameter: string; count: number }[];
  /** Over the pairs that were compared; null where none was. */
  meanDistance: number | null;
  compared: number;
};

/** Kinds of refusals that are told. */
const reasonsTold = 20;

export function summaryOf(limitMicros: number, pairs: readonly ReplayPair[]): ReplaySummary {
  const runnable = pairs.filter(({ refusalCode }) => refusalCode === null).toSorted((a, b) => a.place - b.place);
  const refused = new Map<string, { code: string; message: string; count: number }>();
  const adjusted = new Map<string, number>();
  for (const { refusalCode: code, refusalMessage } of pairs) {
    if (code === null) continue;
    const message = refusalMessage ?? '';
    const reason = refused.get(`${code} ${message}`) ?? { code, message, count: 0 };
    refused.set(`${code} ${message}`, { ...reason, count: reason.count + 1 });
  }
  for (const name of runnable.flatMap((pair) => pair.adjusted)) adjusted.set(name, (adjusted.get(name) ?? 0) + 1);
  let [estimated, affordable] = [0, 0];
  for (const { priceMicros } of runnable) {
    estimated += priceMicros ?? 0;
    if (estimated <= limitMicros) affordable += 1;
  }
  const distances = pairs.flatMap(({ distance }) => distance ?? []);
  return {
    runnable: runnable.length,
    started: pairs.filter(({ rerunId }) => rerunId !== null).length,
    ended: pairs.filter(({ endedAt }) => endedAt !== null).length,
    estimatedMicros: estimated,
    unknownPrices: runnable.filter(({ priceMicros }) => priceMicros === null).length,
    affordable,
    refused: [...refused.values()]
      .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
      .slice(0, reasonsTold),
    adjusted: [...adjusted].map(([parameter, count]) => ({ parameter, count })),
    meanDistance: distances.length === 0 ? null : distances.reduce((total, each) => total + each, 0) / distances.length,
    compared: distances.length,
  };
}

/** Replays in the database. Those with a project see nothing else. */
export type Replays = {
  /** All or nothing, durable when it answers. Null: its idempotency key was taken meanwhile. */
  create(replay: NewReplay, pairs: readonly PlannedPair[], requestKey: RequestKey | null): Promise<Replay | null>;
  find(projectId: string, ids: readonly string[]): Promise<Replay[]>;
  page(projectId: string, window: Window): Promise<Replay[]>;
  byToken(id: string, token: string): Promise<Replay | null>;
  /**
   * PLANNED → RUNNING. Where there are budgets, what its limit lets start is reserved in them until it is started; a shortfall when they
   * do not have that left, and then it stays PLANNED.
   */
  start(projectId: string, id: string): Promise<Shortfall | null>;
  /** PLANNED or RUNNING → CANCELED: nothing more is started once this has returned. */
  cancel(projectId: string, id: string): Promise<void>;
  /** All pairs of these replays. */
  pairs(projectId: string, replayIds: readonly string[]): Promise<ReplayPair[]>;
  /** The pairs that these generations are the reruns of. */
  pairsOf(projectId: string, rerunIds: readonly string[]): Promise<ReplayPair[]>;
  /** By the age of the original, newest first. */
  pairPage(projectId: string, replayId: string, window: Window): Promise<ReplayPair[]>;
  pair(projectId: string, replayId: string, originalId: string): Promise<ReplayPair | null>;
  /** Those that are gone are left out. */
  pictures(projectId: string, generationIds: readonly string[]): Promise<ReadonlyMap<string, SheetPicture>>;
  tally(projectId: string, replayIds: readonly string[]): Promise<(TallyRow & { replayId: string })[]>;
};

/** What the work on replays needs of the database. Each change is guarded, so that two who do the same do it once. */
export type ReplayWork = {
  /** Unfinished replays for this worker alone for so long, unless it claims them again. */
  claim(workerId: string, leaseMs: number): Promise<(Replay & { projectSlug: string })[]>;
  release(workerId: string): Promise<void>;
  /** Pairs that are neither started nor refused, by their turns. */
  waiting(replayId: string, limit: number): Promise<ReplayPair[]>;
  /** How many pairs are started and not noted as ended, and those of them whose rerun has ended. */
  started(replayId: string): Promise<{ count: number; ended: EndedPair[] }>;
  /**
   * Accepts the rerun of a pair, if the replay still runs, its limit and the budgets allow the price, and nobody did before;
   * all in one transaction.
   */
  startPair(
    replayId: string,
    originalId: string,
    rerun: NewGeneration,
  ): Promise<'started' | 'limit' | 'over' | Shortfall>;
  refusePair(replayId: string, originalId: string, refusal: { code: string; message: string }): Promise<void>;
  endPair(replayId: string, originalId: string, distance: number | null): Promise<void>;
  /** Once nothing waits and nothing is open. */
  finish(replayId: string): Promise<void>;
};

/** The choosing of generations to run again. */
export type Sampling = {
  /** How many match, counted up to `most`. */
  count(projectId: string, filter: GenerationFilter, most: number): Promise<number>;
  /** The ids at these ranks among the matching ones, oldest first. */
  atRanks(projectId: string, filter: GenerationFilter, ranks: readonly number[]): Promise<string[]>;
};
