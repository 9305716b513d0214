import { readFileSync } from 'node:fs';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { variables } from '../../src/config/variables.js';

const root = new URL('../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, root), 'utf8');

const composeSchema = z.object({
  services: z.object({
    postgres: z.object({
      image: z.string(),
      volumes: z.array(z.string()),
      healthcheck: z.object({ test: z.array(z.string()) }),
    }),
    darkroom: z.object({
      build: z.string(),
      environment: z.record(z.string(), z.string()),
      depends_on: z.object({ postgres: z.object({ condition: z.literal('service_healthy') }) }),
      ports: z.array(z.string()),
    }),
  }),
  volumes: z.record(z.string(), z.unknown()),
});

const lintSchema = z.array(z.object({ messages: z.array(z.object({ type: z.string(), message: z.string() })) }));

describe('docker-compose.yml', () => {
  const compose = composeSchema.parse(parse(read('docker-compose.yml')));

  it('passes the linter without an error', () => {
    const file = new URL('docker-compose.yml', root).pathname;
    const linter = new DCLinter({ quiet: true, debug: false, exclude: [], rules: {} });
    const results = lintSchema.parse(linter.lintFiles([file], false));
    expect(results.flatMap((each) => each.messages).filter((each) => each.type === 'error')).toEqual([]);
  });

  it('sets only variables that Darkroom reads', () => {
    const unknown = Object.keys(compose.services.darkroom.environment).filter((name) => !(name in variables));
    expect(unknown).toEqual([]);
  });

  it('shows the port to this machine only', () => {
    expect(compose.services.darkroom.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
  });

  it('declares every named volume that a service uses', () => {
    const used = read('docker-compose.yml').matchAll(/^ +- ([a-z]+):\//gm);
    expect([...used].map((match) => match[1] ?? '').toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');

  it('has no mistake that its validator knows of', () => {
    expect(validate(text)).toEqual([]);
  });

  it('copies only what exists and what the build context has', () => {
    const context = new Set(
      read('.dockerignore')
        .split('\n')
        .filter((line) => line.startsWith('!'))
        .map((line) => line.slice(1)),
    );
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((name) => !context.has(name.replace(/^\.\//, '')))).toEqual([]);
  });

  it('does not run as root', () => {
    expect(text).toMatch(/^USER node$/m);
  });
});
