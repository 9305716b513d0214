// `npm run demo`: a control image goes in, its generation is watched live, the picture is written to a file.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { createDarkroom, RequestError, type Darkroom } from './client.js';
import { FollowError } from '../src/client/follow-generations.js';
import { followProject } from './demo/follow.js';
import { DemoError, help, readOptions, type DemoOptions } from './demo/options.js';
import { createMeter } from './demo/progress.js';
import { failure, refusal, success } from './demo/report.js';
import { findKey, findServer } from './demo/server.js';
import { ProfilesDocument, type GenerationViewFragment } from './generated/graphql.js';

const say = (line: string): void => console.log(line);
const extensions: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' };

async function demo(options: DemoOptions, signal: AbortSignal): Promise<void> {
  const control = await readFile(options.image).catch((error: unknown) => {
    throw new DemoError(`The control image cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const server = await findServer(options, say, signal);
  try {
    const { key, source } = await findKey(options);
    const darkroom = createDarkroom({ url: server.url, apiKey: key });
    try {
      if (options.follow) await followProject({ url: server.url, apiKey: key }, say, signal);
      else await generate(darkroom, options, Uint8Array.from(control), signal);
    } catch (error) {
      const refused = error instanceof RequestError || error instanceof FollowError;
      if (!refused || error.code !== 'UNAUTHENTICATED') throw error;
      throw new DemoError(
        `${server.url} does not know the API key from ${source}. Set DARKROOM_API_KEY to one of its keys.`,
      );
    } finally {
      await darkroom.close();
    }
  } finally {
    await server.stop();
  }
}

async function generate(
  darkroom: Darkroom,
  options: DemoOptions,
  control: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  const profile = await findProfile(darkroom, options.profile, signal);
  const image = await darkroom.upload(control, signal);
  say(`Uploaded ${basename(options.image)} (${image.width} x ${image.height}) as ${image.id}`);

  const { generation, userErrors } = await darkroom.generateFromCanny(
    {
      profileId: profile.id,
      prompt: options.prompt,
      controlImage: { imageId: image.id },
      finetuneStrength: options.strength,
      seed: options.seed,
      tags: ['demo'],
    },
    signal,
  );
  if (generation === null) throw new DemoError(refusal(userErrors));
  say(`Accepted with the finetune "${profile.name}" as ${generation.id}`);

  const meter = createMeter(process.stdout);
  const ended = await darkroom
    .watch(generation.id, (state) => meter.show(state), signal)
    .catch((error: unknown) => {
      meter.end();
      if (signal.aborted) say(`The generation goes on while Darkroom runs; its id is ${generation.id}.`);
      throw error;
    });
  meter.end();
  if (ended.status !== 'SUCCEEDED') throw new DemoError(failure(ended));
  const file = await save(ended, options, signal);
  const near = relative(options.folder, file);
  say(`\n${success(ended, near.startsWith('..') ? file : near)}`);
}

async function findProfile(
  darkroom: Darkroom,
  slug: string | null,
  signal: AbortSignal,
): Promise<{ id: string; slug: string; name: string }> {
  const { profiles } = await darkroom.send(ProfilesDocument, {}, signal);
  const usable = profiles.nodes.filter(({ bindings }) => bindings.length > 0);
  const found =
    slug === null
      ? (usable.find((each) => each.slug === 'studio-bottle') ?? usable[0])
      : usable.find((each) => each.slug === slug);
  if (found !== undefined) return found;
  const known = usable.map((each) => each.slug).join(', ');
  throw new DemoError(
    known === ''
      ? 'This project has no finetune profile bound to a provider. Make one with createProfile and bindProfile.'
      : `There is no bound finetune profile "${slug}". There are: ${known}.`,
  );
}

async function save(generation: GenerationViewFragment, options: DemoOptions, signal: AbortSignal): Promise<string> {
  const [image] = generation.images;
  if (image === undefined) throw new DemoError('The generation succeeded, but it has no image.');
  const name = `darkroom-${generation.id}.${extensions[image.contentType] ?? 'bin'}`;
  const file = await placeFor(name, options);
  const response = await fetch(image.url, { signal });
  if (!response.ok) throw new DemoError(`The image cannot be fetched: ${image.url} answered ${response.status}.`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
}

async function placeFor(name: string, { out, folder }: DemoOptions): Promise<string> {
  if (out === null) return join(folder, name);
  const isFolder = out.endsWith('/') || (await stat(out).catch(() => null))?.isDirectory() === true;
  return isFolder ? join(out, name) : out;
}

/** What a person can mend is said in a sentence; anything else comes with its stack. */
function complain(error: unknown): void {
  if (error instanceof DemoError || error instanceof RequestError) console.error(error.message);
  else console.error(error);
}

async function main(): Promise<number> {
  const interrupted = new AbortController();
  let code = 0;
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(exitCode);
      code = exitCode;
      interrupted.abort();
    });
  }
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === null) say(help);
    else await demo(options, interrupted.signal);
  } catch (error) {
    if (interrupted.signal.aborted) return code;
    complain(error);
    return error instanceof DemoError ? error.exitCode : 1;
  }
  return code;
}

// Exits although a broken connection may still wait for its next try.
process.exit(await main());
