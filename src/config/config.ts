import { resolve } from 'node:path';
import { list, withoutSlash, type AccountConfig } from './account.js';
import { readAccounts } from './accounts.js';
import { variablesSchema, type Environment } from './variables.js';

export type { AccountConfig } from './account.js';

export type Config = {
  port: number;
  /** Where a process that only polls tells of its health; null: nowhere, PORT is not set. */
  statusPort: number | null;
  host: string;
  publicUrl: string | null;
  corsOrigins: readonly string[];
  dataFolder: string;
  /** Null: the embedded server in the data folder. */
  databaseUrl: string | null;
  role: 'all' | 'api' | 'poller';
  /** Free space below which nothing new is taken; 0: it is not watched. */
  diskReserveBytes: number;
  /** What projects keep unless they have settings of their own: days and bytes, 0: for ever, or any. */
  keeping: { generationDays: number; eventDays: number; imageDays: number; imageQuotaBytes: number };
  logLevel: string;
  deadlineMs: number;
  unconfirmedMs: number;
  submitTimeoutMs: number;
  firstProbeMs: number;
  lookDelayMs: number;
  /** How old an event may be that a subscriber gets replayed. */
  eventsReplayMs: number;
  accounts: readonly AccountConfig[];
  /** Path of an operator's additions to the catalogue of models; null: there are none. */
  modelsFile: string | null;
  /** Folder of the operator's own ComfyUI workflows; null: Darkroom's. */
  comfyWorkflows: string | null;
  /** Null: no sandbox of our own is to be run. */
  embeddedSandbox: { port: number; timeScale: number } | null;
};

/** Everything that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The settings are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads the settings; throws a ConfigError with everything that is wrong. */
export function readConfig(environment: Environment): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = variablesSchema.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  const problems: string[] = [];
  const accounts = readAccounts(env, environment, problems);
  const embeddedSandbox = accounts.some((account) => account.sandbox && account.baseUrl === null)
    ? { port: env.SANDBOX_PORT, timeScale: env.SANDBOX_TIME_SCALE }
    : null;
  if (env.ROLE !== 'all' && env.DATABASE_URL === undefined) {
    problems.push(`ROLE=${env.ROLE} needs DATABASE_URL: the embedded Postgres serves one process only`);
  }
  if (env.ROLE !== 'all' && embeddedSandbox !== null) {
    problems.push(`ROLE=${env.ROLE} needs a provider account (BFL_API_KEY) or SANDBOX_URL`);
  }
  if (env.SUBMIT_TIMEOUT_SECONDS > env.UNCONFIRMED_SECONDS) {
    problems.push('SUBMIT_TIMEOUT_SECONDS may not be above UNCONFIRMED_SECONDS');
  }
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return {
    port: env.PORT,
    statusPort: env.ROLE === 'poller' && 'PORT' in set ? env.PORT : null,
    host: env.HOST,
    publicUrl: withoutSlash(env.PUBLIC_URL),
    corsOrigins: list(env.CORS_ORIGINS),
    dataFolder: resolve(env.DARKROOM_DATA),
    databaseUrl: env.DATABASE_URL ?? null,
    role: env.ROLE,
    diskReserveBytes: env.DISK_RESERVE_MB * 1024 * 1024,
    keeping: {
      generationDays: env.KEEP_GENERATIONS_DAYS,
      eventDays: env.KEEP_EVENTS_DAYS,
      imageDays: env.KEEP_IMAGES_DAYS,
      imageQuotaBytes: env.IMAGE_QUOTA_MB * 1024 * 1024,
    },
    logLevel: env.LOG_LEVEL,
    deadlineMs: env.GENERATION_DEADLINE_SECONDS * 1_000,
    unconfirmedMs: env.UNCONFIRMED_SECONDS * 1_000,
    submitTimeoutMs: env.SUBMIT_TIMEOUT_SECONDS * 1_000,
    firstProbeMs: env.ACCOUNT_PROBE_SECONDS * 1_000,
    lookDelayMs: env.LOOK_DELAY_MS,
    eventsReplayMs: env.EVENTS_REPLAY_HOURS * 3_600_000,
    accounts,
    modelsFile: env.MODELS_FILE === undefined ? null : resolve(env.MODELS_FILE),
    comfyWorkflows: env.COMFYUI_WORKFLOWS ?? null,
    embeddedSandbox,
  };
}
