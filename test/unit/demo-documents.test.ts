import { readdirSync, readFileSync } from 'node:fs';
import { generate } from '@graphql-codegen/cli';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import codegen, { layOut } from '../../codegen.js';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');

describe('examples/generated', () => {
  it('is what the documents and schema.graphql make; after a change run `npm run codegen`', async () => {
    const made: { filename: string; content: string }[] = await generate(
      { ...codegen, cwd: root.pathname, silent: true, errorsOnly: true },
      false,
    );
    expect(made.map(({ filename }) => filename)).toEqual(['examples/generated/graphql.ts']);
    for (const { filename, content } of made) {
      const wanted = await layOut(filename, content);
      expect(read(filename) === wanted, `${filename} is out of date: run \`npm run codegen\``).toBe(true);
    }
  });
});

describe('examples/curl.sh', () => {
  it('sends operations that fit the schema', () => {
    const schema = buildSchema(read('schema.graphql'));
    const operations = [...read('examples/curl.sh').matchAll(/^ *ask '([^']+)'/gm)].map((match) => match[1] ?? '');
    expect(operations).toHaveLength(3);
    expect(operations.flatMap((operation) => validate(schema, parse(operation)))).toEqual([]);
  });
});

describe('the bundled control image', () => {
  it('is there, and small', () => {
    expect(readdirSync(new URL('examples', root))).toContain('control.jpg');
    expect(readFileSync(new URL('examples/control.jpg', root)).length).toBeLessThan(150 * 1024);
  });
});
