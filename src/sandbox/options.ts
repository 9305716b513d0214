/** Chances, 0 to 1 each, that a submit meets a fault although its prompt asked for none. */
export type Faults = {
  lostReply?: number;
  http429?: number;
  http500?: number;
  http503?: number;
};

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
  /** How long a result can be downloaded, in ms before scaling. Default 10 minutes (BFL documentation). */
  resultLifetimeMs?: number;
  faults?: Faults;
  /** `drawn` (default) draws every picture; `small` serves one tiny real image, for load tests. */
  image?: 'drawn' | 'small';
  /** Bytes of a result asked for as `huge`. Default 4 GiB. */
  hugeBytes?: number;
  /** Names that `my_finetunes` lists. Any finetune id is accepted in a request. */
  finetunes?: readonly string[];
  /** Folder in which tasks and the submit log outlive the process. Default: memory only. */
  stateDir?: string;
  /** Most requests kept in the log. Default 20,000. */
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
  resultLifetimeMs: number;
  faults: Required<Faults>;
  image: 'drawn' | 'small';
  hugeBytes: number;
  finetunes: readonly string[];
  stateDir: string | null;
  logLimit: number;
  now: () => number;
};

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most))
    throw new RangeError(`sandbox option ${name} must be ${least} to ${most}, not ${value}`);
  return value;
}

/** Fills in the defaults and refuses numbers out of range (RangeError). */
export function settle(options: SandboxOptions): Settings {
  const chance = (name: keyof Faults): number => within(`faults.${name}`, options.faults?.[name] ?? 0, 0, 1);
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
    resultLifetimeMs: within('resultLifetimeMs', options.resultLifetimeMs ?? 600_000, 0, 1e12),
    faults: {
      lostReply: chance('lostReply'),
      http429: chance('http429'),
      http500: chance('http500'),
      http503: chance('http503'),
    },
    image: options.image ?? 'drawn',
    hugeBytes: within('hugeBytes', options.hugeBytes ?? 4 * 1024 ** 3, 0, Number.MAX_SAFE_INTEGER),
    finetunes: options.finetunes ?? ['my-finetune', 'my-product', 'my-style'],
    stateDir: options.stateDir ?? null,
    logLimit: within('logLimit', options.logLimit ?? 20_000, 1, 1e7),
    now: options.now ?? Date.now,
  };
}
