import { describe, expect, it } from 'vitest';
import { percentilesOf } from '../../src/domain/sketch.js';
import { isTimeZone, localDayStart } from '../../src/domain/time-zone.js';
import type { UsageQuestion, UsageRow } from '../../src/domain/usage.js';
import { createUsageService, type UsageRequest } from '../../src/service/usage.js';

const row: UsageRow = {
  start: null,
  end: null,
  profileId: null,
  model: null,
  provider: null,
  account: null,
  control: null,
  status: null,
  errorCode: null,
  tag: null,
  generations: 20,
  live: 2,
  succeeded: 6,
  moderated: 3,
  moderatedInput: 1,
  failed: 2,
  expired: 1,
  canceled: 6,
  looks: 50,
  estimatedMicros: 0,
  estimatedKnown: 0,
  quotedMicros: 0,
  quotedKnown: 0,
  settledMicros: 700,
  settledKnown: 7,
  settledUnknown: 2,
  images: 6,
  imageBytes: 60,
  queue: { bins: [], counts: [] },
  run: { bins: [-1, 230], counts: [1, 3] },
};

function bench(details: { count?: number; rows?: UsageRow[] } = {}) {
  const asked: UsageQuestion[] = [];
  const service = createUsageService({
    now: () => new Date('2026-11-21T10:07:00Z'),
    usage: {
      read: async (_project, question) => {
        asked.push(question);
        return await Promise.resolve({ rows: details.rows ?? [row], asOf: new Date(0) });
      },
      count: async () => await Promise.resolve(details.count ?? 0),
      catchUp: async () => await Promise.resolve(null),
    },
  });
  const report = async (request: Partial<UsageRequest> = {}) =>
    await service.report('p', {
      filter: {},
      groupBy: [],
      timeZone: 'UTC',
      from: null,
      to: null,
      withLatency: true,
      ...request,
    });
  return { report, asked };
}

it('says rates of what ended by itself, and costs only of what is known', async () => {
  const { rows } = await bench().report();
  expect(rows[0]).toMatchObject({
    moderationRate: 3 / 12,
    failureRate: 3 / 12,
    looksPerGeneration: 2.5,
    costPerImageMicros: 117,
    queueTime: null,
    runTime: { count: 4 },
  });
  const [unknown] = (await bench({ rows: [{ ...row, settledMicros: 0, settledKnown: 0 }] }).report()).rows;
  expect(unknown?.costPerImageMicros).toBeNull();
});

it('asks for the last 30 local days, and for whole quarters of an hour', async () => {
  const { report, asked } = bench();
  await report({ timeZone: 'Asia/Kathmandu' });
  await report({ from: new Date('2026-11-20T10:07:00Z'), to: new Date('2026-11-20T10:16:00Z') });
  expect(asked.map(({ from, to }) => [from.toISOString(), to.toISOString()])).toEqual([
    ['2026-10-22T18:15:00.000Z', '2026-11-21T10:15:00.000Z'],
    ['2026-11-20T10:00:00.000Z', '2026-11-20T10:30:00.000Z'],
  ]);
});

describe('refuses, saying what is allowed and what came', () => {
  const year = { from: new Date('2025-11-21T00:00:00Z'), to: new Date('2026-11-21T00:00:00Z') };
  it.each<[string, Partial<UsageRequest>, RegExp]>([
    ['a time zone that is none', { timeZone: 'Europe/Atlantis' }, /IANA name.*"Europe\/Atlantis" was given/],
    ['an offset', { timeZone: '+05:30' }, /IANA name.*was given/],
    ['two units', { groupBy: ['DAY', 'WEEK'] }, /one unit of time at most; DAY, WEEK/],
    ['the same twice', { groupBy: ['MODEL', 'MODEL'] }, /twice/],
    ['too many groups', { groupBy: ['MODEL', 'PROFILE', 'STATUS', 'CONTROL'] }, /at most 3 .*; 4 were given/],
    ['a range without length', { from: new Date(0), to: new Date(0) }, /from must be before to/],
    ['hours of a year', { ...year, groupBy: ['HOUR'] }, /at most 62 days; 365/],
    ['a lifetime', { from: new Date(0), to: new Date('2026-11-21T00:00:00Z') }, /at most 1830 days/],
    ['a long list', { filter: { model: Array.from({ length: 51 }, () => 'm') } }, /filter\.model takes at most 50/],
  ])('%s', async (_name, request, message) => {
    await expect(bench().report(request)).rejects.toThrow(message);
  });

  it('tags of too many', async () => {
    await expect(bench({ count: 200_001 }).report({ groupBy: ['TAG'] })).rejects.toThrow(/200000 generations.*200001/);
  });

  it('more rows than it gives', async () => {
    await expect(bench({ rows: Array.from({ length: 10_001 }, () => row) }).report()).rejects.toThrow(/10000 rows/);
  });
});

it('finds percentiles within a hundredth', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => 100 + i * 7);
  const bins = new Map<number, number>();
  for (const value of values) {
    const bin = Math.ceil(Math.log(value) / Math.log(1.01 / 0.99));
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const found = percentilesOf({ bins: [...bins.keys()], counts: [...bins.values()] });
  expect(Math.abs((found?.p50Ms ?? 0) / (values[499] ?? 1) - 1)).toBeLessThan(0.0105);
  expect(Math.abs((found?.p99Ms ?? 0) / (values[989] ?? 1) - 1)).toBeLessThan(0.0105);
});

it('knows where local days begin, also as clocks go back', () => {
  expect(isTimeZone('UTC')).toBe(true);
  expect(isTimeZone('America/Argentina/Salta')).toBe(true);
  expect(isTimeZone('EST5EDT')).toBe(false);
  const day = (at: string, zone: string): string => localDayStart(new Date(at), zone).toISOString();
  expect(day('2026-10-25T22:30:00Z', 'Europe/Berlin')).toBe('2026-10-24T22:00:00.000Z');
  expect(day('2026-10-25T23:30:00Z', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z');
  expect(day('2026-10-25T00:00:00Z', 'UTC')).toBe('2026-10-25T00:00:00.000Z');
});
