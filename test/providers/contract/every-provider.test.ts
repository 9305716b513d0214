import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createProviders } from '../../../src/providers/providers.js';

it('every provider has its contract run', async () => {
  const tests = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.ts'));
  const names = [...createProviders({ lifetimeScale: 1, workflows: null }).keys()];
  expect(tests.map((name) => name.replace('.test.ts', ''))).toEqual(expect.arrayContaining(names));
});
