import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { generationStatuses, isTerminal } from '../../src/domain/lifecycle.js';
import { createLogger } from '../../src/logger.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { stopOrphan } from '../../src/store/orphan-postmaster.js';
import type { Api } from '../support/api.js';
import { makeFolder } from '../support/darkroom.js';
import { generate } from '../support/generations.js';
import { startProcess, type DarkroomProcess } from '../support/process.js';

const count = 50;
let dataFolder: string;
let sandbox: Sandbox;
let sandboxUrl: string;
let running: DarkroomProcess | null = null;

beforeEach(async () => {
  dataFolder = await makeFolder();
  sandbox = createSandbox({ timeScale: 2, activeLimit: count, image: 'small' });
  sandboxUrl = (await sandbox.start()).url;
});

afterEach(async () => {
  await running?.end('SIGKILL');
  await stopOrphan(join(dataFolder, 'postgres'), createLogger('silent'));
  await sandbox.stop();
  await rm(dataFolder, { recursive: true, force: true });
});

function start(): DarkroomProcess {
  running = startProcess(dataFolder, {
    SANDBOX_URL: sandboxUrl,
    // Fewer than there are, so that some are still waiting when the end comes.
    BFL_ACTIVE_TASKS: '44',
    SUBMIT_TIMEOUT_SECONDS: '5',
    UNCONFIRMED_SECONDS: '5',
    GENERATION_DEADLINE_SECONDS: '60',
    LOG_LEVEL: 'warn',
  });
  return running;
}

const pageSchema = z.object({
  generations: z.object({
    nodes: z.array(
      z.object({
        prompt: z.string(),
        status: z.enum(generationStatuses),
        error: z.object({ code: z.string() }).nullable(),
        images: z.array(z.object({ url: z.string() })),
        events: z.array(z.object({ version: z.number() })),
      }),
    ),
  }),
});

async function all(api: Api): Promise<z.infer<typeof pageSchema>['generations']['nodes']> {
  const document =
    '{ generations(first: 100) { nodes { prompt status error { code } images { url } events { version } } } }';
  return (await api.ask(pageSchema, document)).generations.nodes;
}

function submits(): string[] {
  return sandbox.log().flatMap((entry) => (entry.submit === null ? [] : [entry.submit.prompt ?? '']));
}

const profileSchema = z.object({ profiles: z.object({ nodes: z.array(z.object({ id: z.string() })).min(1) }) });

it('loses nothing and submits nothing twice when it is killed, then killed together with its database', async () => {
  const first = start();
  let api = await first.api();
  const { profiles } = await api.ask(profileSchema, '{ profiles { nodes { id } } }');
  const profileId = profiles.nodes[0]?.id;
  // Of some the answer is on its way for so long that the process does not live to hear it. They are fewer than open the
  // circuit: on a slow machine the first process may live to see them time out.
  const prompts = Array.from(
    { length: count },
    (_, n) => `jar ${n}.${n % 13 === 0 ? ' [sandbox: slow-reply=60s]' : ''}`,
  );
  const input = { profileId, width: 256, height: 256 };
  await Promise.all(prompts.map(async (prompt) => await generate(api, 'generateFromPrompt', { ...input, prompt })));
  await vi.waitFor(
    async () => {
      expect(submits().length).toBeGreaterThanOrEqual(44);
      const waiting = (await all(api)).filter(({ status }) => status === 'QUEUED' || status === 'SUBMITTING');
      expect(waiting.length).toBeLessThanOrEqual(20);
    },
    { timeout: 20_000 },
  );
  expect(await first.end('SIGKILL')).toBe('SIGKILL');

  const second = start();
  api = await second.api();
  await vi.waitFor(async () => expect((await all(api)).some(({ status }) => status === 'SUCCEEDED')).toBe(true), {
    timeout: 20_000,
  });
  const postmaster = Number.parseInt(await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8'), 10);
  process.kill(postmaster, 'SIGKILL');
  expect(await second.end('SIGKILL')).toBe('SIGKILL');

  const third = start();
  api = await third.api();
  const ended = await vi.waitFor(
    async () => {
      const nodes = await all(api);
      expect(nodes.filter(({ status }) => !isTerminal(status))).toEqual([]);
      return nodes;
    },
    { timeout: 40_000, interval: 200 },
  );
  expect(ended.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort());
  const submitted = submits().map((prompt) => prompt.replace('STUDIOBOTTLE, ', ''));
  expect(new Set(submitted).size).toBe(submitted.length);
  // Whoever dies between committing that it sends and sending leaves what might have been sent.
  const unsent = ended.filter(({ prompt }) => !submitted.includes(prompt));
  expect(unsent.filter(({ error }) => error?.code !== 'SUBMIT_UNCONFIRMED')).toEqual([]);
  for (const { prompt, status, images, events } of ended) {
    // What is not known to have been taken is told as such; all else has come through.
    const expected = prompt.includes('slow-reply') ? ['FAILED'] : ['SUCCEEDED', 'FAILED'];
    expect(expected).toContain(status);
    expect(images).toHaveLength(status === 'SUCCEEDED' ? 1 : 0);
    expect(events.map(({ version }) => version)).toEqual(events.map((_, n) => n + 1));
  }
  const succeeded = ended.filter(({ status }) => status === 'SUCCEEDED');
  expect(succeeded.length).toBeGreaterThan(count / 2);
  for (const { images } of succeeded) {
    const response = await fetch(images[0]?.url ?? '');
    const { format } = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
    expect(format).toBe('jpeg');
  }
  expect(await third.end('SIGTERM')).toBe(0);
  running = null;
}, 120_000);
