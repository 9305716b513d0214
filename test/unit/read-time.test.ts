import { types } from 'pg';
import { expect, it } from 'vitest';
import { readTime } from '../../src/store/read-time.js';

const byPg: (text: string) => unknown = types.getTypeParser(types.builtins.TIMESTAMPTZ);

it.each([
  '2026-11-21 10:11:12+00',
  '2026-11-21 10:11:12.5+00',
  '2026-11-21 10:11:12.05+00',
  '2026-02-28 23:59:59.123+00',
  '2024-02-29 00:00:00.000456+00',
  '1970-01-01 00:00:00+00',
  '2026-11-21 10:11:12.1+02',
  '2026-11-21 10:11:12.1+05:30',
  '0031-11-21 10:11:12+00 BC',
  '12026-11-21 10:11:12+00',
  'infinity',
])('reads %s as pg does', (text) => {
  expect(readTime(text)).toEqual(byPg(text));
});
