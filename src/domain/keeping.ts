import type { RemoveBytes } from './erasure.js';

/** What happens once the images of a project have as many bytes as they may. */
export const quotaReactions = {
  REFUSE: 'Uploads and new generations are refused (QUOTA_EXCEEDED) until there is room.',
  REMOVE_OLDEST:
    'The oldest images are removed that no favourite, no rated, no unfinished generation and none of the last 24 hours uses.',
} as const;
export type QuotaReaction = keyof typeof quotaReactions;

/** Days of 24 hours, bytes; 0: for ever, or any; null: by the defaults. */
export type KeepingSettings = {
  generationDays: number | null;
  eventDays: number | null;
  imageDays: number | null;
  imageQuotaBytes: number | null;
  imageQuotaFull: QuotaReaction;
};

/** As the server's settings say. 0: for ever, or any. */
export type KeepingDefaults = Record<Exclude<keyof KeepingSettings, 'imageQuotaFull'>, number>;

/** What holds for a project; null: for ever, or any. */
export type Keeping = Record<keyof KeepingDefaults, number | null> & Pick<KeepingSettings, 'imageQuotaFull'>;

export const nothingSet: KeepingSettings = {
  generationDays: null,
  eventDays: null,
  imageDays: null,
  imageQuotaBytes: null,
  imageQuotaFull: 'REFUSE',
};

/** Events and images are kept no longer than their generations. */
export function keepingOf(settings: KeepingSettings, defaults: KeepingDefaults): Keeping {
  const chosen = (name: keyof KeepingDefaults): number | null => {
    const value = settings[name] ?? defaults[name];
    return value === 0 ? null : value;
  };
  const generationDays = chosen('generationDays');
  const within = (days: number | null): number | null =>
    days === null || generationDays === null ? (days ?? generationDays) : Math.min(days, generationDays);
  return {
    generationDays,
    eventDays: within(chosen('eventDays')),
    imageDays: within(chosen('imageDays')),
    imageQuotaBytes: chosen('imageQuotaBytes'),
    imageQuotaFull: settings.imageQuotaFull,
  };
}

const dayMs = 86_400_000;
const slotMs = 900_000;

/** What is older than so many days, to the quarter of an hour in which usage is counted. */
export function keptSince(now: Date, days: number): Date {
  return new Date(Math.floor((now.getTime() - days * dayMs) / slotMs) * slotMs);
}

/** The longest of these; null: for ever, or there are none. */
export function longestOf(days: readonly (number | null)[]): number | null {
  return days.length === 0 || days.includes(null) ? null : Math.max(...days.map((each) => each ?? 0));
}

/** How much a project has. */
export type Weight = { images: number; bytes: number };

export type Keepings = {
  settings(projectId: string): Promise<KeepingSettings>;
  /** Of every project. */
  all(): Promise<{ projectId: string; settings: KeepingSettings }[]>;
  set(projectId: string, settings: Partial<KeepingSettings>): Promise<void>;
  weight(projectId: string): Promise<Weight>;
  projectBySlug(slug: string): Promise<string | null>;
};

/** Where a walk through images goes on; null: at the oldest. */
export type ImageStep = { next: string | null; images: number; bytes: number };

/**
 * The work of retention, in small steps of a transaction each. Null: another process is at it, or usage has not been counted
 * as far as that yet.
 */
export type KeepingWork = {
  /** Months that end before `eventsBefore` lose their events, those before `before` everything; gives what was dropped. */
  dropMonths(cutoff: { eventsBefore: Date | null; before: Date | null; now: Date }): Promise<string[]>;
  /** Deletes some of a project's generations from before a time with all that belongs to them; gives how many. */
  deleteGenerations(projectId: string, before: Date): Promise<number | null>;
  /** Deletes the events of some of a project's generations from before a time; gives how many generations those were. */
  deleteEvents(projectId: string, before: Date): Promise<number | null>;
  /** Removes images that were last used before a time. */
  removeUnused(projectId: string, before: Date, after: string | null, remove: RemoveBytes): Promise<ImageStep | null>;
  /** Removes the oldest images that may go, until so many bytes are gone. */
  removeOldest(projectId: string, bytes: number, after: string | null, remove: RemoveBytes): Promise<ImageStep | null>;
  /** Images that something no longer refers to: removes some of them unless something else does; gives how many are done. */
  removeReleased(remove: RemoveBytes): Promise<number>;
  /** Brings what images weigh together in one row a project. */
  foldWeights(): Promise<void>;
};
