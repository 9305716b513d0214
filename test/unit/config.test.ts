import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig, type AccountConfig, type Config } from '../../src/config/config.js';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** The variables that the problems are about. */
const blamed = (environment: Record<string, string>): string[] =>
  problemsOf(environment).map((problem) => /^[A-Z_]+/.exec(problem)?.[0] ?? problem);

function accountOf(environment: Record<string, string>): AccountConfig {
  const accounts = readConfig(environment).accounts.filter(({ provider }) => provider === 'bfl');
  const [account, ...more] = accounts;
  if (account === undefined || more.length > 0) throw new Error('Not one account.');
  return account;
}

function sandboxAccount(id: string, provider: AccountConfig['provider'], limit: number): AccountConfig {
  return {
    id,
    provider,
    baseUrl: null,
    apiKey: 'sandbox-key',
    auth: null,
    hosts: [],
    limit,
    webhookUrl: null,
    webhookSecret: null,
    projects: null,
    sandbox: true,
  };
}

const defaults: Config = {
  port: 4000,
  statusPort: null,
  host: '127.0.0.1',
  publicUrl: null,
  corsOrigins: ['http://localhost:3000', 'http://localhost:5173', 'http://localhost:8080'],
  dataFolder: resolve('.darkroom'),
  databaseUrl: null,
  role: 'all',
  diskReserveBytes: 512 * 1024 * 1024,
  keeping: { generationDays: 0, eventDays: 0, imageDays: 0, imageQuotaBytes: 0 },
  logLevel: 'info',
  deadlineMs: 1_800_000,
  unconfirmedMs: 900_000,
  submitTimeoutMs: 60_000,
  firstProbeMs: 15_000,
  lookDelayMs: 250,
  eventsReplayMs: 259_200_000,
  accounts: [
    sandboxAccount('sandbox', 'bfl', 24),
    sandboxAccount('sandbox-cometapi', 'cometapi', 24),
    sandboxAccount('sandbox-cometapi-responses', 'cometapi-responses', 24),
    sandboxAccount('sandbox-fal', 'fal', 10),
    sandboxAccount('sandbox-replicate', 'replicate', 24),
    sandboxAccount('sandbox-comfyui', 'comfyui', 2),
  ],
  modelsFile: null,
  comfyWorkflows: null,
  embeddedSandbox: { port: 4100, timeScale: 2 },
};

describe('without settings', () => {
  it('everything has its default, and the sandbox is the provider', () => {
    expect(readConfig({})).toEqual(defaults);
  });

  it('an empty variable counts as not set, and strangers are passed over', () => {
    expect(readConfig({ PORT: '', ROLE: '', BFL_API_KEY: '', DATABASE_URL: undefined, PATH: '/bin' })).toEqual(
      defaults,
    );
  });
});

describe('a number', () => {
  it.each([
    ['PORT', 0, 65_535],
    ['GENERATION_DEADLINE_SECONDS', 1, 86_400],
    ['UNCONFIRMED_SECONDS', 60, 86_400],
    ['SUBMIT_TIMEOUT_SECONDS', 1, 600],
    ['LOOK_DELAY_MS', 25, 3_600_000],
    ['BFL_ACTIVE_TASKS', 1, 100_000],
    ['SANDBOX_PORT', 0, 65_535],
  ])('%s may be a whole one from %d to %d', (name, minimum, maximum) => {
    for (const good of [minimum, maximum]) expect(problemsOf({ [name]: String(good) })).toEqual([]);
    const bad = [String(maximum + 1), `${minimum}.5`, '-1', 'many', '1e9', 'NaN', 'Infinity'];
    expect(bad.map((value) => blamed({ [name]: value }))).toEqual(bad.map(() => [name]));
  });

  it.each(['GENERATION_DEADLINE_SECONDS', 'UNCONFIRMED_SECONDS', 'SUBMIT_TIMEOUT_SECONDS', 'BFL_ACTIVE_TASKS'])(
    '%s may not be 0',
    (name) => {
      expect(blamed({ [name]: '0' })).toEqual([name]);
    },
  );

  it('LOOK_DELAY_MS may not be below 25', () => {
    expect(blamed({ LOOK_DELAY_MS: '24' })).toEqual(['LOOK_DELAY_MS']);
  });

  it('SANDBOX_TIME_SCALE may be a fraction from 0.01 to 100000', () => {
    for (const good of ['0.01', '0.5', '100000']) expect(problemsOf({ SANDBOX_TIME_SCALE: good })).toEqual([]);
    for (const bad of ['0', '0.009', '100001', '-1', 'fast']) {
      expect(blamed({ SANDBOX_TIME_SCALE: bad })).toEqual(['SANDBOX_TIME_SCALE']);
    }
  });
});

describe('an address or a word', () => {
  it.each([
    ['PUBLIC_URL', ['https://pictures.example', 'http://localhost:4000/'], ['pictures.example', 'ftp://x', '/x']],
    ['DATABASE_URL', ['postgres://u:p@h/d', 'postgresql://h:5432/d?sslmode=require'], ['mysql://h/d', 'h:5432', 'x']],
    ['BFL_BASE_URL', ['https://api.eu1.bfl.ai'], ['api.bfl.ai', 'ftp://x', 'javascript:alert(1)']],
    ['SANDBOX_URL', ['http://127.0.0.1:4100'], ['127.0.0.1:4100', 'file:///x']],
    ['LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], ['verbose', 'INFO', 'silent']],
    ['ROLE', ['all', 'api', 'poller'], ['worker', 'API']],
    ['BFL_ALLOW_HTTP', ['true', 'false'], ['1', 'yes', 'TRUE']],
  ])('%s', (name, good, bad) => {
    const around = { DATABASE_URL: 'postgres://h/d', BFL_API_KEY: 'k' };
    for (const value of good) expect(problemsOf({ ...around, [name]: value })).toEqual([]);
    expect(bad.map((value) => blamed({ ...around, [name]: value }))).toEqual(bad.map(() => [name]));
  });

  it('loses the slashes at the end of an address', () => {
    expect(readConfig({ PUBLIC_URL: 'https://x.example/a//' }).publicUrl).toBe('https://x.example/a');
    expect(accountOf({ BFL_API_KEY: 'k', BFL_BASE_URL: 'https://x.example/' }).baseUrl).toBe('https://x.example');
    expect(accountOf({ SANDBOX_URL: 'http://x.example/' }).baseUrl).toBe('http://x.example');
  });

  it('reads lists with blanks and stray commas', () => {
    expect(readConfig({ CORS_ORIGINS: ' https://a.example ,,https://b.example,' }).corsOrigins).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
    expect(accountOf({ BFL_API_KEY: 'k', BFL_HOSTS: '.bfl.ai, cdn.example' }).hosts).toEqual([
      '.bfl.ai',
      'cdn.example',
    ]);
  });
});

describe('what is wrong', () => {
  it('is told all at once', () => {
    const wrong = { PORT: 'x', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://h', LOOK_DELAY_MS: '1' };
    expect(blamed(wrong).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'DATABASE_URL',
      'LOG_LEVEL',
      'LOOK_DELAY_MS',
      'PORT',
    ]);
  });

  it('between settings is told all at once too', () => {
    const wrong = {
      ROLE: 'poller',
      BFL_BASE_URL: 'http://gateway.example',
      SUBMIT_TIMEOUT_SECONDS: '600',
      UNCONFIRMED_SECONDS: '599',
    };
    expect(problemsOf(wrong)).toHaveLength(4);
  });

  it('is one line each in the message, which never shows a value that may be a secret', () => {
    const error = new ConfigError(['A: no', 'B: no']);
    expect(error.message).toBe('The settings are wrong:\n  - A: no\n  - B: no');
    expect(problemsOf({ DATABASE_URL: 'mysql://u:geheim@h' }).join()).not.toContain('geheim');
  });

  it('may be a time-out above the time after which nobody waits any more', () => {
    expect(problemsOf({ SUBMIT_TIMEOUT_SECONDS: '60', UNCONFIRMED_SECONDS: '60' })).toEqual([]);
    expect(blamed({ SUBMIT_TIMEOUT_SECONDS: '61', UNCONFIRMED_SECONDS: '60' })).toEqual(['SUBMIT_TIMEOUT_SECONDS']);
  });
});

describe('a real account', () => {
  const real = {
    id: 'bfl',
    provider: 'bfl',
    baseUrl: null,
    auth: null,
    hosts: ['.bfl.ai'],
    limit: 24,
    webhookUrl: null,
    webhookSecret: null,
    projects: null,
    sandbox: false,
  };

  it('takes the place of the sandbox, SANDBOX_URL or not', () => {
    for (const extra of [{}, { SANDBOX_URL: 'http://127.0.0.1:4100' }]) {
      const config = readConfig({ BFL_API_KEY: 'k-1', ...extra });
      expect(config.accounts).toEqual([{ ...real, apiKey: 'k-1' }]);
      expect(config.embeddedSandbox).toBeNull();
    }
  });

  it('may have its key in a file, whose blanks and line ends are no part of it', () => {
    expect(accountOf({ BFL_API_KEY_FILE: fileWith('key', ' k-2\r\n') }).apiKey).toBe('k-2');
  });

  it('prefers the key itself, and then leaves the file alone', () => {
    expect(accountOf({ BFL_API_KEY: 'k-1', BFL_API_KEY_FILE: join(folder, 'none') }).apiKey).toBe('k-1');
  });

  it.each([
    ['missing', join(folder, 'none')],
    ['a folder', folder],
    ['empty', fileWith('empty', ' \n')],
  ])('is refused when the file of its key is %s', (_, path) => {
    expect(blamed({ BFL_API_KEY_FILE: path })).toEqual(['BFL_API_KEY_FILE']);
  });

  it('is refused with an address but no key', () => {
    expect(blamed({ BFL_BASE_URL: 'https://gateway.example' })).toEqual(['BFL_BASE_URL']);
  });

  it.each(['http://gateway.example', 'HTTP://gateway.example', ' http://gateway.example'])(
    'over plain http (%j) is refused unless that is allowed',
    (address) => {
      const environment = { BFL_API_KEY: 'k', BFL_BASE_URL: address };
      expect(blamed(environment)).toEqual(['BFL_BASE_URL']);
      expect(problemsOf({ ...environment, BFL_ALLOW_HTTP: 'true' })).toEqual([]);
    },
  );
});

describe('a role', () => {
  const database = { DATABASE_URL: 'postgres://h/d' };

  it.each(['api', 'poller'])('%s needs a shared database and a provider', (role) => {
    expect(problemsOf({ ROLE: role })).toHaveLength(2);
    expect(problemsOf({ ROLE: role, ...database })).toHaveLength(1);
    expect(problemsOf({ ROLE: role, BFL_API_KEY: 'k' })).toHaveLength(1);
    expect(problemsOf({ ROLE: role, ...database, BFL_API_KEY: 'k' })).toEqual([]);
    expect(problemsOf({ ROLE: role, ...database, SANDBOX_URL: 'http://127.0.0.1:4100' })).toEqual([]);
  });

  it('api holds no key, and reads no file of one', () => {
    expect(accountOf({ ...database, ROLE: 'api', BFL_API_KEY: 'k' }).apiKey).toBeNull();
    expect(accountOf({ ...database, ROLE: 'api', BFL_API_KEY_FILE: join(folder, 'none') }).apiKey).toBeNull();
    expect(accountOf({ ...database, ROLE: 'api', BFL_BASE_URL: 'https://x.example' }).apiKey).toBeNull();
    expect(accountOf({ ...database, ROLE: 'api', SANDBOX_URL: 'http://x.example' }).apiKey).toBeNull();
  });

  it('poller and all hold it', () => {
    expect(accountOf({ ...database, ROLE: 'poller', BFL_API_KEY: 'k' }).apiKey).toBe('k');
    expect(accountOf({ BFL_API_KEY: 'k' }).apiKey).toBe('k');
  });
});

describe('webhooks', () => {
  const on = { BFL_WEBHOOKS: 'true' };

  it('are asked for only when told so, at WEBHOOK_URL or else at PUBLIC_URL', () => {
    const addresses = { PUBLIC_URL: 'https://public.example/', WEBHOOK_URL: 'https://hooks.example/d/' };
    expect(accountOf(addresses).webhookUrl).toBeNull();
    expect(accountOf({ ...on, ...addresses }).webhookUrl).toBe('https://hooks.example/d');
    expect(accountOf({ ...on, PUBLIC_URL: 'https://public.example/' }).webhookUrl).toBe('https://public.example');
  });

  it('need an address, and a real account one with https', () => {
    expect(blamed(on)).toEqual(['BFL_WEBHOOKS']);
    expect(blamed({ ...on, BFL_API_KEY: 'k', WEBHOOK_URL: 'http://hooks.example' })).toEqual(['WEBHOOK_URL']);
    expect(problemsOf({ ...on, WEBHOOK_URL: 'http://127.0.0.1:4000' })).toEqual([]);
  });
});
