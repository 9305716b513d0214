import { isTimeZone, localDayStart } from '../domain/time-zone.js';
import { percentilesOf, type Percentiles } from '../domain/sketch.js';
import {
  slotMs,
  type Usage,
  type UsageDimension,
  type UsageFilter,
  type UsageRow,
  type UsageUnit,
} from '../domain/usage.js';
import { DarkroomError } from '../errors.js';

/** What bounds a question. */
export const usageLimits = {
  rows: 10_000,
  dimensions: 3,
  /** Values in one list of the filter. */
  listed: 50,
  days: 1_830,
  daysByHour: 62,
  /** Tags are in no cell: for them so many generations are read in the ledger. */
  tagged: 200_000,
} as const;

const dayMs = 24 * 3_600_000;
const usualDays = 30;

export type UsageRequest = {
  filter: UsageFilter;
  groupBy: readonly (UsageDimension | UsageUnit)[];
  timeZone: string;
  from: Date | null;
  to: Date | null;
  /** Whether percentiles are asked for. */
  withLatency: boolean;
};

/** A row with what follows from its sums. Shares are from 0 to 1, null where there is nothing to share. */
export type UsageFigures = UsageRow & {
  moderationRate: number | null;
  failureRate: number | null;
  looksPerGeneration: number;
  costPerImageMicros: number | null;
  queueTime: Percentiles | null;
  runTime: Percentiles | null;
};

export type UsageReport = { from: Date; to: Date; timeZone: string; asOf: Date; rows: UsageFigures[] };

export type UsageService = { report(projectId: string, request: UsageRequest): Promise<UsageReport> };

function refuse(message: string): never {
  throw new DarkroomError('BAD_REQUEST', message);
}

/** How a project used its providers: sums, rates, percentiles and costs of what it had accepted in a range of time. */
export function createUsageService({ usage, now }: { usage: Usage; now: () => Date }): UsageService {
  return {
    async report(projectId, request) {
      const { groupBy, timeZone, filter } = request;
      const { dimensions, unit } = groupsOf(groupBy);
      for (const [name, values] of Object.entries(filter)) {
        const length = values?.length ?? 0;
        if (length > usageLimits.listed) {
          refuse(`filter.${name} takes at most ${usageLimits.listed} values; ${length} were given.`);
        }
      }
      if (!isTimeZone(timeZone)) {
        refuse(`timeZone must be an IANA name such as Europe/Berlin or UTC; ${JSON.stringify(timeZone)} was given.`);
      }
      const { from, to } = rangeOf(request, unit, now());
      if (dimensions.includes('TAG') || filter.tag != null) {
        const count = await usage.count(projectId, from, to);
        if (count > usageLimits.tagged) {
          refuse(
            `Tags are counted over at most ${usageLimits.tagged} generations; the range from ${from.toISOString()} to ${to.toISOString()} has ${count}. Choose a shorter one.`,
          );
        }
      }
      const { rows, asOf } = await usage.read(projectId, {
        filter,
        dimensions,
        unit,
        timeZone,
        from,
        to,
        withSketches: request.withLatency,
        limit: usageLimits.rows + 1,
      });
      if (rows.length > usageLimits.rows) {
        refuse(`That is more than ${usageLimits.rows} rows. Choose a shorter range, longer units or fewer groups.`);
      }
      return { from, to, timeZone, asOf, rows: rows.map(figuresOf) };
    },
  };
}

const units: readonly string[] = ['HOUR', 'DAY', 'WEEK', 'MONTH'] satisfies UsageUnit[];
const isUnit = (group: UsageDimension | UsageUnit): group is UsageUnit => units.includes(group);

function groupsOf(groupBy: UsageRequest['groupBy']): { dimensions: UsageDimension[]; unit: UsageUnit | null } {
  if (new Set(groupBy).size < groupBy.length) refuse('groupBy names something twice.');
  const named = groupBy.filter(isUnit);
  const [unit = null] = named;
  if (named.length > 1) refuse(`groupBy takes one unit of time at most; ${named.join(', ')} were given.`);
  const dimensions = groupBy.flatMap((group) => (isUnit(group) ? [] : [group]));
  if (dimensions.length > usageLimits.dimensions) {
    refuse(`groupBy takes at most ${usageLimits.dimensions} groups beside time; ${dimensions.length} were given.`);
  }
  return { dimensions, unit };
}

/** The range asked for, widened to quarters of an hour; by default the last 30 local days with today. */
function rangeOf(request: UsageRequest, unit: UsageUnit | null, now: Date): { from: Date; to: Date } {
  const to = new Date(Math.ceil((request.to ?? now).getTime() / slotMs) * slotMs);
  const usual = localDayStart(new Date(to.getTime() - (usualDays - 1) * dayMs - 1), request.timeZone);
  const from = new Date(Math.floor((request.from ?? usual).getTime() / slotMs) * slotMs);
  if (from >= to) refuse(`from must be before to; ${from.toISOString()} and ${to.toISOString()} were given.`);
  const most = unit === 'HOUR' ? usageLimits.daysByHour : usageLimits.days;
  const days = (to.getTime() - from.getTime()) / dayMs;
  // A day more, for those that have 25 hours.
  if (days > most + 1) {
    const by = unit === 'HOUR' ? 'By the hour a' : 'A';
    refuse(`${by} range may have at most ${most} days; ${Math.round(days)} were asked for.`);
  }
  return { from, to };
}

function figuresOf(row: UsageRow): UsageFigures {
  // What somebody stopped says nothing of how well it went.
  const ended = row.succeeded + row.moderated + row.failed + row.expired;
  return {
    ...row,
    moderationRate: ended === 0 ? null : row.moderated / ended,
    failureRate: ended === 0 ? null : (row.failed + row.expired) / ended,
    looksPerGeneration: row.looks / row.generations,
    costPerImageMicros: row.images === 0 || row.settledKnown === 0 ? null : Math.round(row.settledMicros / row.images),
    queueTime: percentilesOf(row.queue),
    runTime: percentilesOf(row.run),
  };
}
