import type { ControlKind, GenerationStatus } from './lifecycle.js';
import type { Sketch } from './sketch.js';

/** What usage can be grouped by, apart from time. */
export const usageDimensions = [
  'PROFILE',
  'MODEL',
  'PROVIDER',
  'ACCOUNT',
  'CONTROL',
  'STATUS',
  'ERROR',
  'TAG',
] as const;
export type UsageDimension = (typeof usageDimensions)[number];

export const usageUnits = ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const;
export type UsageUnit = (typeof usageUnits)[number];

/** Usage is kept by the quarter of an hour: every time zone in use begins its hours and days at one. */
export const slotMs = 15 * 60_000;

/** All conditions must hold; null: any. */
export type UsageFilter = {
  profileId?: readonly string[] | null;
  model?: readonly string[] | null;
  provider?: readonly string[] | null;
  account?: readonly string[] | null;
  control?: readonly ControlKind[] | null;
  status?: readonly GenerationStatus[] | null;
  /** At least one of these. */
  tag?: readonly string[] | null;
};

export type UsageQuestion = {
  filter: UsageFilter;
  dimensions: readonly UsageDimension[];
  unit: UsageUnit | null;
  timeZone: string;
  /** Both at a quarter of an hour; the end is exclusive. */
  from: Date;
  to: Date;
  /** Whether sketches are wanted. */
  withSketches: boolean;
  /** More rows than this are cut off. */
  limit: number;
};

/** Sums over the generations of one group. Money in micro-USD. */
export type UsageSums = {
  generations: number;
  /** Not yet terminal. */
  live: number;
  succeeded: number;
  moderated: number;
  /** Of `moderated`, those before the work. */
  moderatedInput: number;
  failed: number;
  expired: number;
  canceled: number;
  /** Looks of attempts that are over. */
  looks: number;
  estimatedMicros: number;
  /** Generations that the sum before is over; so below. */
  estimatedKnown: number;
  quotedMicros: number;
  quotedKnown: number;
  settledMicros: number;
  settledKnown: number;
  /** Generations that a provider may have taken and of whose cost nothing is known (yet). */
  settledUnknown: number;
  /** Pictures kept, and their bytes. */
  images: number;
  imageBytes: number;
};

/** What a row is about; null where it was not grouped by that, or there is none. */
export type UsageKey = {
  start: Date | null;
  end: Date | null;
  profileId: string | null;
  model: string | null;
  provider: string | null;
  account: string | null;
  control: ControlKind | null;
  status: GenerationStatus | null;
  errorCode: string | null;
  tag: string | null;
};

export type UsageRow = UsageKey & UsageSums & { queue: Sketch; run: Sketch };

export type UsageAnswer = {
  rows: UsageRow[];
  /** Everything committed before is in the rows. */
  asOf: Date;
};

/** How many changes of the ledger wait to be counted, in slots; null: another process is at it. */
export type UsageProgress = { slots: number; more: boolean } | null;

export type Usage = {
  read(projectId: string, question: UsageQuestion): Promise<UsageAnswer>;
  /** Generations accepted in a range of time, as counted. */
  count(projectId: string, from: Date, to: Date): Promise<number>;
  /** Counts some of what has changed; one process at a time. */
  catchUp(): Promise<UsageProgress>;
};
