import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generationErrorCodes } from '../../src/domain/generation.js';
import { routeReasons } from '../../src/domain/plan.js';
import { refusalCodes } from '../../src/domain/refusal.js';
import { errorCodes } from '../../src/errors.js';

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const tables = text
  .split('\n## ')
  .map((section) => [...section.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code));

it.each([
  ['inputs', 1, refusalCodes],
  ['generations', 2, generationErrorCodes],
  ['Darkroom', 3, errorCodes],
])('docs/errors.md has every code about %s, and no other', (_, section, codes) => {
  expect(tables[section]?.toSorted()).toEqual(Object.keys(codes).toSorted());
});

it('docs/errors.md names the HTTP status of each code', () => {
  for (const [code, status] of Object.entries(errorCodes)) expect(text).toContain(`| \`${code}\` | ${status} |`);
});

it('docs/errors.md names why a route is closed', () => {
  for (const code of Object.keys(routeReasons)) expect(text).toContain(`\`${code}\``);
});
