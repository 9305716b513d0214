import { expect, it } from 'vitest';
import { readPauseMs } from '../../src/providers/pause.js';

const now = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['0', 0],
  ['7', 7000],
  ['1.5', 1500],
  [' 20 ', 20_000],
  ['3600', 3_600_000],
  ['999999999', 3_600_000],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['Sun, 01 Mar 2027 12:00:00 GMT', 3_600_000],
  ['Sunday, 01-Mar-26 12:00:05 GMT', 5000],
  ['-5', null],
  ['soon', null],
  ['2026-03-01T12:00:30Z', null],
  ['Someday, GMT', null],
  ['', null],
  [null, null],
])('Retry-After %j is a pause of %j ms', (header, expected) => {
  expect(readPauseMs(header, now)).toBe(expected);
});
