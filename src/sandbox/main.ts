import { z } from 'zod';
import { faultNames } from './options.js';
import { createSandbox, type SandboxOptions } from './sandbox.js';

/** `npm run sandbox`: the sandbox alone in a process, set by flags (`--port 4100`) or variables (`SANDBOX_PORT`). */
const help = `The Darkroom sandbox: a pretend upstream for FLUX images, in the dialects of BFL, CometAPI, fal, Replicate and ComfyUI.

  --port, SANDBOX_PORT               port to listen on (4100)
  --host, SANDBOX_HOST               address to listen on (127.0.0.1)
  --seed, SANDBOX_SEED               decides durations, faults and missing seeds (darkroom)
  --time-scale, SANDBOX_TIME_SCALE   divides all times (4)
  --state, SANDBOX_STATE             folder in which tasks outlive the process (none: memory)
  --image, SANDBOX_IMAGE             drawn, or for load tests small or noise (64 KB) (drawn)
  --credits, SANDBOX_CREDITS         credits each key starts with (1000000)
  --active-limit, SANDBOX_ACTIVE_LIMIT   most unfinished tasks of a key (24)
  --median-ms, SANDBOX_MEDIAN_MS     median duration of a task in ms before scaling (each endpoint's own)
  --sigma, SANDBOX_SIGMA             how much durations differ, 0 to 2 (0.25)
  --comfyui, SANDBOX_COMFYUI         new, or old: no prompt_id, no /api/jobs (new)
  --log-limit, SANDBOX_LOG_LIMIT     most requests kept in the log (20000)
  --faults, SANDBOX_FAULTS           what goes wrong by chance, as JSON with chances from 0 to 1 (nothing):
                                     '{"lostReply":0.01,"http500":0.02}'. All:
                                     ${faultNames.slice(0, 7).join(', ')},
                                     ${faultNames.slice(7).join(', ')}`;

const chanceSchema = z.number().min(0).max(1);
const faultsSchema = z.partialRecord(z.enum(faultNames), chanceSchema);

const settingsSchema = z.object({
  port: z.coerce.number().int().min(0).max(65_535).default(4100),
  host: z.string().default('127.0.0.1'),
  seed: z.string().default('darkroom'),
  timeScale: z.coerce.number().min(0.01).max(100_000).default(4),
  state: z.string().optional(),
  image: z.enum(['drawn', 'small', 'noise']).default('drawn'),
  credits: z.coerce.number().min(0).default(1_000_000),
  activeLimit: z.coerce.number().int().min(0).default(24),
  medianMs: z.coerce.number().min(0).max(3_600_000).exactOptional(),
  sigma: z.coerce.number().min(0).max(2).exactOptional(),
  comfyui: z.enum(['new', 'old']).exactOptional(),
  logLimit: z.coerce.number().int().min(1).max(10_000_000).exactOptional(),
  faults: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON, as in \'{"lostReply":0.01}\'' });
        return z.NEVER;
      }
    })
    .pipe(faultsSchema)
    .exactOptional(),
});

function readGiven(): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(settingsSchema.shape)) {
    const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const flag = process.argv.indexOf(`--${words}`);
    const value =
      flag > 0 ? process.argv[flag + 1] : process.env[`SANDBOX_${words.replaceAll('-', '_').toUpperCase()}`];
    if (value !== undefined && value !== '') given[name] = value;
  }
  return given;
}

function curl(url: string): string {
  return `  curl -s ${url}/v1/flux-pro-finetuned -H 'x-key: any' -H 'content-type: application/json' \\
    -d '{"finetune_id":"my-finetune","prompt":"a lighthouse by the sea at sunset [sandbox: duration=2s]"}'`;
}

async function run(options: SandboxOptions): Promise<void> {
  const sandbox = createSandbox(options);
  const { url } = await sandbox.start();
  console.log(
    `Sandbox on ${url}, ${options.timeScale ?? 1} times as fast as a real upstream. Any key will do. Base URLs:\n`,
  );
  for (const { name, base } of sandbox.bases()) console.log(`  ${name.padEnd(18)}${url}${base}`);
  console.log('\nTry:\n');
  console.log(`${curl(url)}\n\n  ${url}/sandbox/log     what has arrived\n  ${url}/sandbox/tasks   what became of it`);
  console.log(`  ${url}/sandbox/stats   both in numbers\n  ${url}/sandbox/webhooks  what was sent to webhooks`);
  console.log(`  ${url}/sandbox/words   words for [sandbox: …] in a prompt\n`);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void sandbox.stop().then(() => process.exit(0));
    });
  }
}

function explain(thrown: unknown, port: number): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use. Choose another with --port or SANDBOX_PORT (0 takes any free one).`;
  if (code === 'EACCES')
    return `Port ${port} may not be used by this user. Choose one above 1024 with --port or SANDBOX_PORT.`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

if (process.argv.includes('--help')) {
  console.log(help);
} else {
  const parsed = settingsSchema.safeParse(readGiven());
  if (parsed.success) {
    const { state, ...settings } = parsed.data;
    await run({ ...settings, ...(state === undefined ? {} : { stateDir: state }) }).catch((thrown: unknown) => {
      console.error(explain(thrown, settings.port));
      process.exitCode = 1;
    });
  } else {
    for (const { path, message } of parsed.error.issues) console.error(`${path.join('.')}: ${message}`);
    console.error(`\n${help}`);
    process.exitCode = 1;
  }
}
