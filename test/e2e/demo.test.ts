import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDarkroom, RequestError } from '../../examples/client.js';
import { sleep } from '../../src/time.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate } from '../support/generations.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let darkroom: Darkroom;
let folder: string;

beforeAll(async () => {
  darkroom = await startDarkroom();
  folder = await mkdtemp(join(tmpdir(), 'darkroom-demo-'));
});
afterAll(async () => {
  await darkroom.stop();
  await rm(folder, { recursive: true, force: true });
});

type Run = { code: unknown; stdout: string; stderr: string };

/** Runs the demo against the server of this test; `until` is the text at which it gets a SIGINT. */
async function runDemo(args: string[], options: { apiKey?: string; until?: string } = {}): Promise<Run> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'examples/demo.ts', '--url', darkroom.url, '--out', `${folder}/`, ...args],
    {
      cwd: root,
      env: { ...process.env, DARKROOM_API_KEY: options.apiKey ?? darkroom.apiKey },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const run: Run = { code: null, stdout: '', stderr: '' };
  let interrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
    if (interrupted || options.until === undefined || !run.stdout.includes(options.until)) return;
    interrupted = true;
    child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
  [run.code] = await once(child, 'close');
  return run;
}

describe('npm run demo', () => {
  it('writes the picture and says where it is', async () => {
    const { code, stdout, stderr } = await runDemo(['--prompt', 'a lighthouse', '--seed', '7']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const id = /as (gen_\S+)/.exec(stdout)?.[1] ?? '';
    const file = join(folder, `darkroom-${id}.jpg`);
    expect(stdout).toContain(file);
    expect(stdout).toMatch(/SUCCEEDED/);
    expect(await sharp(file).metadata()).toMatchObject({ format: 'jpeg', width: 768, height: 512 });

    const address = /Address +(\S+)/.exec(stdout)?.[1] ?? '';
    const served = await fetch(address);
    expect(Buffer.from(await served.arrayBuffer()).equals(await readFile(file))).toBe(true);
  });

  it('ends with 1 and the reason when the picture is moderated, and writes nothing', async () => {
    const before = await readdir(folder);
    const { code, stderr } = await runDemo(['--prompt', 'x [sandbox: moderated]']);
    expect(code).toBe(1);
    expect(stderr).toContain('MODERATED');
    expect(await readdir(folder)).toEqual(before);
  });

  it('ends with 1 and the code when the provider fails', async () => {
    const { code, stderr } = await runDemo(['--prompt', 'x [sandbox: error]']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/FAILED.*\n.*PROVIDER_FAILED/);
  });

  it('shows what was wrong with the input', async () => {
    const { code, stderr } = await runDemo(['--strength', '9']);
    expect(code).toBe(1);
    expect(stderr).toContain('input.finetuneStrength');
    expect(stderr).toContain('OUT_OF_RANGE');
  });

  it('says that a key is wrong, and where it came from', async () => {
    const { code, stderr } = await runDemo([], { apiKey: 'dk_wrong' });
    expect(code).toBe(1);
    expect(stderr).toContain('does not know the API key from DARKROOM_API_KEY');
  });

  it('prints every change in the project with --follow, until Ctrl-C', async () => {
    const following = runDemo(['--follow'], { until: 'SUCCEEDED' });
    const drawing = darkroom.profile().then(async (profileId) => {
      // Again and again: the first ones may come before it listens.
      for (let done = false; !done;) {
        await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'a jar' });
        done = await Promise.race([following.then(() => true), sleep(500).then(() => false)]);
      }
    });
    const { code, stdout, stderr } = await following;
    await drawing;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).toMatch(/^Running now: /);
    expect(stdout).toMatch(/\d\d:\d\d:\d\d  gen_\S+  SUCCEEDED  http:\S+\/images\//);
  });

  it('stops with 130 on Ctrl-C', async () => {
    const { code, stdout } = await runDemo(['--prompt', 'x [sandbox: duration=1000s]'], { until: 'RUNNING' });
    expect(code).toBe(130);
    expect(stdout).toContain('The generation goes on');
  });
});

describe('the client to copy', () => {
  it('follows a generation to its end, and finds it again', async () => {
    const client = createDarkroom({ url: darkroom.url, apiKey: darkroom.apiKey });
    const image = await client.upload(Uint8Array.from(await readFile(join(root, 'examples/control.jpg'))));
    const profileId = await darkroom.profile();
    const input = { profileId, prompt: 'a boat', controlImage: { imageId: image.id } };
    const { generation, userErrors } = await client.generateFromCanny(input);
    expect(userErrors).toEqual([]);
    const seen: string[] = [];
    const ended = await client.watch(generation?.id ?? '', ({ status }) => seen.push(status));
    expect(seen.at(-1)).toBe('SUCCEEDED');
    expect(await client.generation(ended.id)).toEqual(ended);
    await client.close();
  });

  it('refuses to watch with a wrong key, or what does not exist', async () => {
    const stranger = createDarkroom({ url: darkroom.url, apiKey: 'dk_wrong' });
    await expect(stranger.watch('gen_x', () => undefined)).rejects.toThrow(
      expect.objectContaining({ name: RequestError.name, code: 'UNAUTHENTICATED' }),
    );
    await stranger.close();
    const client = createDarkroom({ url: darkroom.url, apiKey: darkroom.apiKey });
    await expect(client.watch('gen_x', () => undefined)).rejects.toThrow(/no such generation/);
    await client.close();
  });
});
