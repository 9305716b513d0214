import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../src/logger.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { replayInFlight } from '../../src/service/replayer.js';
import { stopOrphan } from '../../src/store/orphan-postmaster.js';
import { makeFolder } from '../support/darkroom.js';
import { generate, waitForEnd } from '../support/generations.js';
import { startProcess, type DarkroomProcess } from '../support/process.js';

const count = 20;
let dataFolder: string;
let sandbox: Sandbox;
let sandboxUrl: string;
let running: DarkroomProcess | null = null;

beforeEach(async () => {
  dataFolder = await makeFolder();
  sandbox = createSandbox({ timeScale: 5, image: 'small' });
  sandboxUrl = (await sandbox.start()).url;
});

afterEach(async () => {
  await running?.end('SIGKILL');
  await stopOrphan(join(dataFolder, 'postgres'), createLogger('silent'));
  await sandbox.stop();
  await rm(dataFolder, { recursive: true, force: true });
});

function start(): DarkroomProcess {
  running = startProcess(dataFolder, { SANDBOX_URL: sandboxUrl, LOG_LEVEL: 'warn' });
  return running;
}

const profileSchema = z.object({ profiles: z.object({ nodes: z.array(z.object({ id: z.string() })).min(1) }) });
const idSchema = z.object({ payload: z.object({ replay: z.object({ id: z.string() }) }) });
const replaySchema = z.object({
  replay: z.object({
    status: z.string(),
    summary: z.object({ started: z.number(), ended: z.number() }),
    progress: z.object({ counts: z.array(z.object({ status: z.string(), count: z.number() })) }),
  }),
});

it('goes on after it was killed in the middle, and runs nothing twice', async () => {
  const first = start();
  let api = await first.api();
  const { profiles } = await api.ask(profileSchema, '{ profiles { nodes { id } } }');
  const input = { profileId: profiles.nodes[0]?.id, width: 256, height: 256 };
  const prompts = Array.from({ length: count }, (_, n) => `jar ${n}. [sandbox: duration=30s]`);
  const ids = await Promise.all(
    prompts.map(async (prompt) => await generate(api, 'generateFromPrompt', { ...input, prompt })),
  );
  for (const id of ids) await waitForEnd(api, id, 40_000);

  const planDocument = `mutation { payload: planReplay(input: { provider: "bfl", sample: ${count}, costLimitMicros: 1200000 }) {
    replay { id } } }`;
  const { id } = (await api.ask(idSchema, planDocument)).payload.replay;
  await api.ask(idSchema, 'mutation ($id: ID!) { payload: startReplay(id: $id) { replay { id } } }', { id });
  const read = async (): Promise<z.infer<typeof replaySchema>['replay']> => {
    const document =
      'query ($id: ID!) { replay(id: $id) { status summary { started ended } progress { counts { status count } } } }';
    return (await api.ask(replaySchema, document, { id })).replay;
  };
  // With no submit under way, whose fate nobody could know: all that may run at once are at the provider.
  await vi.waitFor(
    async () => expect((await read()).progress.counts).toEqual([{ status: 'RUNNING', count: replayInFlight }]),
    { timeout: 20_000, interval: 50 },
  );
  expect(await first.end('SIGKILL')).toBe('SIGKILL');

  const second = start();
  api = await second.api();
  const ended = await vi.waitFor(
    async () => {
      const now = await read();
      expect(now.status).toBe('FINISHED');
      return now;
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(ended.summary).toEqual({ started: count, ended: count });
  const submitted = sandbox.log().flatMap((entry) => (entry.submit === null ? [] : [entry.submit.prompt ?? '']));
  const times = Map.groupBy(submitted, (prompt) => prompt.replace(/^\w+, /, ''));
  expect([...times].map(([prompt, each]) => [prompt, each.length])).toEqual(
    expect.arrayContaining(prompts.map((prompt) => [prompt, 2])),
  );
  expect(submitted).toHaveLength(2 * count);
  expect(await second.end('SIGTERM')).toBe(0);
  running = null;
}, 150_000);
