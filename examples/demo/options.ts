import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const help = `Generates a picture along the edges of a control image, and writes it to a file.

  npm run demo -- [options]

  --prompt <text>     what to draw; "[sandbox: moderated]" in it asks the sandbox for that outcome
  --image <file>      control image: PNG, JPEG or WebP (a bundled one)
  --seed <number>     the same request with the same seed gives the same picture
  --strength <0 to 2> influence of the finetune
  --profile <slug>    finetune profile (studio-bottle, else the newest that is bound to a provider)
  --out <path>        file or folder to write to (darkroom-<id>.jpg in the current folder)
  --url <address>     a running Darkroom (or DARKROOM_URL); without it http://localhost:4000 (or PORT) is used, and when
                      none answers there, one is started for the demo and stopped afterwards
  --follow            generate nothing: print every change in the project, until Ctrl-C
  --help              this text

The API key comes from DARKROOM_API_KEY, else from the file api-key in the data folder (DARKROOM_DATA, .darkroom).`;

export type DemoOptions = {
  /** Print what happens in the project instead of generating. */
  follow: boolean;
  prompt: string;
  image: string;
  seed: number | null;
  strength: number | null;
  profile: string | null;
  /** Null: a name of its own in `folder`. */
  out: string | null;
  /** Where the user is; npm itself runs scripts in the root of the package. */
  folder: string;
  url: string;
  /** Where no address is given a server may be started where none answers. */
  mayStart: boolean;
  apiKey: string | null;
  dataFolder: string;
};

/** Something that the user can mend; shown without a stack. */
export class DemoError extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'DemoError';
  }
}

const flags = {
  prompt: { type: 'string', default: 'A bottle and two fruits at sunset, oil on canvas' },
  image: { type: 'string' },
  seed: { type: 'string' },
  strength: { type: 'string' },
  profile: { type: 'string' },
  out: { type: 'string' },
  url: { type: 'string' },
  follow: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the command line and the environment; null when help is asked for. */
export function readOptions(args: string[], env: Readonly<Record<string, string | undefined>>): DemoOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const inNpm = env['npm_lifecycle_event'] === 'demo' && env['INIT_CWD'] !== undefined;
  const url = values.url ?? set(env['DARKROOM_URL']);
  const folder = inNpm ? resolve(env['INIT_CWD'] ?? '.') : process.cwd();
  return {
    follow: values.follow,
    prompt: values.prompt,
    image:
      values.image === undefined
        ? fileURLToPath(new URL('../control.jpg', import.meta.url))
        : resolve(folder, values.image),
    seed: numberOf('seed', values.seed),
    strength: numberOf('strength', values.strength),
    profile: values.profile ?? null,
    // A slash at the end, which `resolve` would take away, says that it is a folder.
    out: values.out === undefined ? null : resolve(folder, values.out) + (/[/\\]$/.test(values.out) ? '/' : ''),
    folder,
    url: addressOf(url ?? `http://localhost:${set(env['PORT']) ?? '4000'}`),
    mayStart: url === null,
    apiKey: set(env['DARKROOM_API_KEY']),
    dataFolder: resolve(set(env['DARKROOM_DATA']) ?? '.darkroom'),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: flags, allowPositionals: false }).values;
  } catch (error) {
    throw new DemoError(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, 2);
  }
}

/** An empty variable counts as not set. */
function set(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

/** Ranges are the server's to judge; it says which field is wrong, and what is allowed. */
function numberOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new DemoError(`--${name} must be a number; got "${text}".`, 2);
  return value;
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new DemoError(`"${text}" is no address of a server; one looks like http://localhost:4000.`, 2);
  }
  // The address of GraphQL is as good as the server's own.
  return `${url.origin}${url.pathname.replace(/\/(graphql\/?)?$/, '')}`;
}
