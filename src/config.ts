import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

/**
 * The only reader of the environment. Every variable with its default and meaning; `.env.example` is tested against it.
 * An empty variable counts as not set.
 */
export const variables = {
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  CORS_ORIGINS: z.string().default('http://localhost:3000,http://localhost:5173,http://localhost:8080'),
  WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  DARKROOM_DATA: z.string().default('.darkroom'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  ROLE: z.enum(['all', 'api', 'poller']).default('all'),
  DISK_RESERVE_MB: z.coerce.number().int().min(0).max(1_000_000).default(512),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  GENERATION_DEADLINE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(1_800),
  UNCONFIRMED_SECONDS: z.coerce.number().int().min(1).max(86_400).default(900),
  SUBMIT_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(600).default(60),
  ACCOUNT_PROBE_SECONDS: z.coerce.number().int().min(1).max(3_600).default(15),
  LOOK_DELAY_MS: z.coerce.number().int().min(25).max(3_600_000).default(250),
  EVENTS_REPLAY_HOURS: z.coerce.number().min(0.001).max(8_760).default(72),
  BFL_API_KEY: z.string().optional(),
  BFL_API_KEY_FILE: z.string().optional(),
  BFL_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  BFL_ALLOW_HTTP: z.enum(['true', 'false']).default('false'),
  BFL_HOSTS: z.string().default('.bfl.ai'),
  BFL_WEBHOOKS: z.enum(['true', 'false']).default('false'),
  BFL_ACTIVE_TASKS: z.coerce.number().int().min(1).max(100_000).default(24),
  SANDBOX_URL: z.url({ protocol: /^https?$/ }).optional(),
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  SANDBOX_TIME_SCALE: z.coerce.number().min(0.01).max(100_000).default(2),
} as const;

export type AccountConfig = {
  id: string;
  provider: 'bfl';
  /** Null: the provider's own address, or the embedded sandbox's. */
  baseUrl: string | null;
  /** Null in a process that does not poll. */
  apiKey: string | null;
  hosts: readonly string[];
  limit: number;
  /** Where the provider can reach our `/webhooks`; null: it is not asked to call. */
  webhookUrl: string | null;
  sandbox: boolean;
};

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
  logLevel: string;
  deadlineMs: number;
  unconfirmedMs: number;
  submitTimeoutMs: number;
  firstProbeMs: number;
  lookDelayMs: number;
  /** How old an event may be that a subscriber gets replayed. */
  eventsReplayMs: number;
  accounts: readonly AccountConfig[];
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

const schema = z.object(variables);
type Variables = z.infer<typeof schema>;

/** Reads the settings; throws a ConfigError with everything that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  const problems: string[] = [];
  const accounts = readAccounts(env, problems);
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
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    port: env.PORT,
    statusPort: env.ROLE === 'poller' && 'PORT' in set ? env.PORT : null,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    corsOrigins: list(env.CORS_ORIGINS),
    dataFolder: resolve(env.DARKROOM_DATA),
    databaseUrl: env.DATABASE_URL ?? null,
    role: env.ROLE,
    diskReserveBytes: env.DISK_RESERVE_MB * 1024 * 1024,
    logLevel: env.LOG_LEVEL,
    deadlineMs: env.GENERATION_DEADLINE_SECONDS * 1_000,
    unconfirmedMs: env.UNCONFIRMED_SECONDS * 1_000,
    submitTimeoutMs: env.SUBMIT_TIMEOUT_SECONDS * 1_000,
    firstProbeMs: env.ACCOUNT_PROBE_SECONDS * 1_000,
    lookDelayMs: env.LOOK_DELAY_MS,
    eventsReplayMs: env.EVENTS_REPLAY_HOURS * 3_600_000,
    accounts,
    embeddedSandbox,
  };
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The sandbox is used only when no real account is configured. */
function readAccounts(env: Variables, problems: string[]): AccountConfig[] {
  const polls = env.ROLE !== 'api';
  const real = env.BFL_API_KEY !== undefined || env.BFL_API_KEY_FILE !== undefined || env.BFL_BASE_URL !== undefined;
  const webhookUrl = env.BFL_WEBHOOKS === 'true' ? readWebhookUrl(env, real, problems) : null;
  const common = { provider: 'bfl', limit: env.BFL_ACTIVE_TASKS, webhookUrl } as const;
  if (!real) {
    const baseUrl = env.SANDBOX_URL?.replace(/\/+$/, '') ?? null;
    return [{ ...common, id: 'sandbox', baseUrl, apiKey: polls ? 'sandbox-key' : null, hosts: [], sandbox: true }];
  }
  if (env.BFL_BASE_URL !== undefined && /^http:/i.test(env.BFL_BASE_URL) && env.BFL_ALLOW_HTTP === 'false') {
    problems.push(
      'BFL_BASE_URL is plain http, which shows the key to everybody on the way; BFL_ALLOW_HTTP=true allows it',
    );
  }
  const apiKey = polls ? readSecret(env, problems) : null;
  const baseUrl = env.BFL_BASE_URL?.replace(/\/+$/, '') ?? null;
  return [{ ...common, id: 'bfl', baseUrl, apiKey, hosts: list(env.BFL_HOSTS), sandbox: false }];
}

function readWebhookUrl(env: Variables, real: boolean, problems: string[]): string | null {
  const url = (env.WEBHOOK_URL ?? env.PUBLIC_URL)?.replace(/\/+$/, '') ?? null;
  if (url === null) problems.push('BFL_WEBHOOKS=true needs WEBHOOK_URL or PUBLIC_URL, where the provider is to call');
  else if (real && !url.startsWith('https:'))
    problems.push('WEBHOOK_URL must be https: Black Forest Labs calls no other');
  return url;
}

function readSecret(env: Variables, problems: string[]): string | null {
  if (env.BFL_API_KEY !== undefined) return env.BFL_API_KEY;
  if (env.BFL_API_KEY_FILE === undefined) {
    problems.push('BFL_BASE_URL is set without BFL_API_KEY or BFL_API_KEY_FILE');
    return null;
  }
  try {
    const key = readFileSync(env.BFL_API_KEY_FILE, 'utf8').trim();
    if (key === '') problems.push('BFL_API_KEY_FILE names an empty file');
    return key;
  } catch (error) {
    problems.push(`BFL_API_KEY_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
