import type { PictureStyle } from './pictures.js';
/**
 * What may go wrong by chance, although the prompt asked for no outcome. Of the first five a submit meets at most one; the
 * others are drawn each for itself; `look…` is drawn anew for each look.
 */
export const faultNames = [
  /** The task is made, then the connection is cut without an answer. */
  'lostReply',
  /** 429, 500 and 503: refused, and no task is made. */
  'http429',
  'http500',
  'http503',
  /** The answer to the submit takes 1 to 6 seconds (divided by the time scale). */
  'slowReply',
  /** `Task not found` at the first one to three looks. */
  'lateTask',
  /** Undocumented words while the task runs. */
  'unknownStatus',
  'foreignPollingUrl',
  /** A look is answered 500 or 429, every other 429 with Retry-After. */
  'lookHttp500',
  'lookHttp429',
  'webhookMissing',
  'webhookDoubled',
  /** The webhook comes 1 to 10 seconds late (divided by the time scale). */
  'webhookLate',
] as const;

/** Chances, 0 to 1 each; what is left out is 0. */
export type Faults = Partial<Record<(typeof faultNames)[number], number>>;

export type SandboxOptions = {
  /** Default 0, any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Address under which others reach the sandbox, when it is not the one it listens on. */
  publicUrl?: string;
  /** From this come all durations, faults and missing seeds. Default `darkroom`. */
  seed?: string | number;
  /** Divides every time: durations, lifetime of results, slow replies. 0.01 to 100,000, default 1. */
  timeScale?: number;
  /** Keys that are accepted. Default: any that is not empty. */
  keys?: readonly string[];
  /** Credits each key starts with. Default 1,000,000. */
  credits?: number;
  /** Most tasks of one key that may be unfinished. Default 24 (BFL documentation, April 2026). */
  activeLimit?: number;
  /** Median duration of a task in ms before scaling. Default: each endpoint's own. */
  medianMs?: number;
  /** Sigma of the durations' logarithm, 0 (all alike) to 2. Default 0.25. */
  sigma?: number;
  /** How long a result can be downloaded, in ms before scaling. Default: each dialect's own, 10 minutes for BFL's. */
  resultLifetimeMs?: number;
  faults?: Faults;
  /** `drawn` (default) draws every picture; `small` serves one tiny real image, for load tests. */
  image?: PictureStyle;
  /** Bytes of a result asked for as `huge`. Default 4 GiB. */
  hugeBytes?: number;
  /** Names that `my_finetunes` lists. Any finetune id is accepted in a request, unless it begins with `unknown-`. */
  finetunes?: readonly string[];
  /** Which ComfyUI it pretends to be: `old` takes no `prompt_id`, has no `/api/jobs` and interrupts whatever runs. Default `new`. */
  comfyui?: 'new' | 'old';
  /** Folder in which tasks and the submit log outlive the process. Default: memory only. */
  stateDir?: string;
  /** Most requests, and most webhooks, kept in their logs; and how many different submits are told apart. Default 20,000. */
  logLimit?: number;
  /** The clock, ms since the epoch. */
  now?: () => number;
};

export type Settings = {
  port: number;
  host: string;
  publicUrl: string | null;
  seed: string;
  timeScale: number;
  keys: readonly string[] | null;
  credits: number;
  activeLimit: number;
  medianMs: number | null;
  sigma: number;
  /** Null: each dialect's own. */
  resultLifetimeMs: number | null;
  faults: Required<Faults>;
  image: PictureStyle;
  hugeBytes: number;
  finetunes: readonly string[];
  comfyui: 'new' | 'old';
  stateDir: string | null;
  logLimit: number;
  now: () => number;
};

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most))
    throw new RangeError(`sandbox option ${name} must be ${least} to ${most}, not ${value}`);
  return value;
}

function settleFaults(faults: Faults): Required<Faults> {
  const chance = (name: keyof Faults): number => within(`faults.${name}`, faults[name] ?? 0, 0, 1);
  return {
    lostReply: chance('lostReply'),
    http429: chance('http429'),
    http500: chance('http500'),
    http503: chance('http503'),
    slowReply: chance('slowReply'),
    lateTask: chance('lateTask'),
    unknownStatus: chance('unknownStatus'),
    foreignPollingUrl: chance('foreignPollingUrl'),
    lookHttp500: chance('lookHttp500'),
    lookHttp429: chance('lookHttp429'),
    webhookMissing: chance('webhookMissing'),
    webhookDoubled: chance('webhookDoubled'),
    webhookLate: chance('webhookLate'),
  };
}

/** Fills in the defaults and refuses numbers out of range (RangeError). */
export function settle(options: SandboxOptions): Settings {
  return {
    port: within('port', options.port ?? 0, 0, 65_535),
    host: options.host ?? '127.0.0.1',
    publicUrl: options.publicUrl?.replace(/\/+$/, '') ?? null,
    seed: String(options.seed ?? 'darkroom'),
    timeScale: within('timeScale', options.timeScale ?? 1, 0.01, 100_000),
    keys: options.keys ?? null,
    credits: within('credits', options.credits ?? 1_000_000, 0, 1e12),
    activeLimit: within('activeLimit', options.activeLimit ?? 24, 0, 1e9),
    medianMs: options.medianMs === undefined ? null : within('medianMs', options.medianMs, 0, 3_600_000),
    sigma: within('sigma', options.sigma ?? 0.25, 0, 2),
    resultLifetimeMs:
      options.resultLifetimeMs === undefined ? null : within('resultLifetimeMs', options.resultLifetimeMs, 0, 1e12),
    faults: settleFaults(options.faults ?? {}),
    image: options.image ?? 'drawn',
    hugeBytes: within('hugeBytes', options.hugeBytes ?? 4 * 1024 ** 3, 0, Number.MAX_SAFE_INTEGER),
    finetunes: options.finetunes ?? [
      'my-finetune',
      'my-product',
      'my-style',
      'sandbox-studio-bottle',
      'sandbox-ink-sketch',
    ],
    comfyui: options.comfyui ?? 'new',
    stateDir: options.stateDir ?? null,
    logLimit: within('logLimit', options.logLimit ?? 20_000, 1, 1e7),
    now: options.now ?? Date.now,
  };
}
