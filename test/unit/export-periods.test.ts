import { describe, expect, it } from 'vitest';
import { periodsOf } from '../../src/domain/export-periods.js';

const at = (text: string): Date => new Date(text);
const firstAt = at('2026-09-15T10:00:00Z');
const now = at('2026-11-21T12:00:00Z');
const usual = { project: 'demo', filter: {}, firstAt, now };

describe('the files of an export', () => {
  it('are one, unless asked for otherwise', () => {
    const filter = { seed: 1 };
    expect(periodsOf({ ...usual, filter, partitionBy: 'NONE' })).toEqual([{ folder: '', filter }]);
  });

  it('are the months since the first generation, without gaps', () => {
    const periods = periodsOf({ ...usual, partitionBy: 'MONTH' });
    expect(periods.map(({ folder }) => folder)).toEqual([
      'project=demo/month=2026-09/',
      'project=demo/month=2026-10/',
      'project=demo/month=2026-11/',
    ]);
    for (const [n, { filter }] of periods.entries()) {
      expect(filter.createdTo).toEqual(periods[n + 1]?.filter.createdFrom ?? at('2026-12-01T00:00:00Z'));
    }
  });

  it('end where the filter does', () => {
    const filter = { createdFrom: at('2026-11-19T18:00:00Z'), createdTo: at('2026-11-21T06:00:00Z'), favourite: true };
    expect(periodsOf({ ...usual, filter, partitionBy: 'DAY' })).toEqual([
      {
        folder: 'project=demo/day=2026-11-19/',
        filter: { ...filter, createdTo: at('2026-11-20T00:00:00Z') },
      },
      {
        folder: 'project=demo/day=2026-11-20/',
        filter: { ...filter, createdFrom: at('2026-11-20T00:00:00Z'), createdTo: at('2026-11-21T00:00:00Z') },
      },
      {
        folder: 'project=demo/day=2026-11-21/',
        filter: { ...filter, createdFrom: at('2026-11-21T00:00:00Z') },
      },
    ]);
  });

  it('are none of a time to come, and none without a history', () => {
    const filter = { createdFrom: at('2027-01-01T00:00:00Z') };
    expect(periodsOf({ ...usual, filter, partitionBy: 'MONTH' })).toEqual([]);
    expect(periodsOf({ ...usual, firstAt: null, partitionBy: 'DAY' })).toEqual([]);
  });
});
