import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { variables } from '../../src/config/variables.js';

const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const paragraphs = text
  .trim()
  .split(/\n{2,}/)
  .slice(1);
const settings = paragraphs.map((paragraph) => {
  const lines = paragraph.split('\n');
  const [, name = '', value = ''] = /^#([A-Z][A-Z0-9_]*)=(.*)$/.exec(lines.at(-1) ?? '') ?? [];
  return { name, value, comments: lines.slice(0, -1) };
});

it('.env.example names exactly the variables that Darkroom reads, in their order', () => {
  expect(settings.map(({ name }) => name)).toEqual(Object.keys(variables));
});

it('.env.example gives each variable its default, or nothing where there is none', () => {
  const defaults = Object.entries(variables).map(([name, schema]) => [name, String(schema.parse(undefined) ?? '')]);
  expect(settings.map(({ name, value }) => [name, value])).toEqual(defaults);
});

it('.env.example explains each variable', () => {
  for (const { comments } of settings) expect(comments.join('\n')).toMatch(/^# [A-Z1a-z].*(\n# .+)*$/);
});

it('.env.example changes nothing as it stands, nor with every line put to use', () => {
  const asItStands = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(asItStands).toEqual([]);
  expect(readConfig(Object.fromEntries(settings.map(({ name, value }) => [name, value])))).toEqual(readConfig({}));
});
