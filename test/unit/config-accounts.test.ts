import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig, type AccountConfig } from '../../src/config/config.js';

const folder = mkdtempSync(join(tmpdir(), 'darkroom-accounts-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Environment = Record<string, string>;

const accountsOf = (environment: Environment): readonly AccountConfig[] => readConfig(environment).accounts;

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The variables of an accounts file that holds this. */
function fileOf(content: unknown): Environment {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { ACCOUNTS_FILE: path };
}

describe('each provider has a group of variables', () => {
  it.each([
    ['BFL_API_KEY', [['bfl', 24, null]]],
    [
      'COMETAPI_API_KEY',
      [
        ['cometapi', 24, { header: 'authorization', scheme: 'Bearer' }],
        ['cometapi-responses', 24, { header: 'authorization', scheme: 'Bearer' }],
      ],
    ],
    ['FAL_KEY', [['fal', 10, null]]],
    ['REPLICATE_API_TOKEN', [['replicate', 24, null]]],
  ])('%s', (variable, expected) => {
    const accounts = accountsOf({ [variable]: 'k-1' });
    expect(accounts.map(({ provider, limit, auth }) => [provider, limit, auth])).toEqual(expected);
    for (const account of accounts)
      expect(account).toMatchObject({ id: account.provider, apiKey: 'k-1', baseUrl: null });
  });

  it('COMFYUI_BASE_URL, without a key', () => {
    expect(accountsOf({ COMFYUI_BASE_URL: 'http://127.0.0.1:8188/' })).toMatchObject([
      { id: 'comfyui', provider: 'comfyui', baseUrl: 'http://127.0.0.1:8188', apiKey: '', limit: 2 },
    ]);
    expect(accountsOf({ COMFYUI_BASE_URL: 'https://c.example', COMFYUI_API_KEY: 'p' })[0]?.apiKey).toBe('p');
    expect(problemsOf({ COMFYUI_API_KEY: 'p' })).toHaveLength(1);
  });

  it('and several may be set at once', () => {
    const ids = accountsOf({ BFL_API_KEY: 'a', FAL_KEY: 'b', REPLICATE_API_TOKEN: 'c' }).map(({ id }) => id);
    expect(ids).toEqual(['bfl', 'fal', 'replicate']);
  });
});

describe('how a gateway wants its key', () => {
  it.each([
    ['X-Key:', { header: 'x-key', scheme: null }],
    ['authorization :Token', { header: 'authorization', scheme: 'Token' }],
  ])('%j', (text, auth) => {
    expect(accountsOf({ COMETAPI_API_KEY: 'k', COMETAPI_AUTH_HEADER: text })[0]?.auth).toEqual(auth);
  });

  it.each(['Bearer', 'X Key: a', 'Authorization: Bearer secret', ': Bearer'])('%j is refused', (text) => {
    const problems = problemsOf({ COMETAPI_API_KEY: 'k', COMETAPI_AUTH_HEADER: text });
    expect(problems).toEqual(['COMETAPI_AUTH_HEADER must be like "Authorization: Bearer"']);
  });
});

it('plain http is allowed to this machine, and elsewhere only when told so', () => {
  for (const own of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) {
    expect(problemsOf({ FAL_KEY: 'k', FAL_BASE_URL: own })).toEqual([]);
  }
  const remote = { FAL_KEY: 'k', FAL_BASE_URL: 'http://localhost.example' };
  expect(problemsOf(remote)[0]).toMatch(/^FAL_BASE_URL is plain http.*FAL_ALLOW_HTTP=true allows it$/);
  expect(problemsOf({ ...remote, FAL_ALLOW_HTTP: 'true' })).toEqual([]);
});

it("webhooks of Replicate need the account's secret", () => {
  const on = { REPLICATE_API_TOKEN: 'k', REPLICATE_WEBHOOKS: 'true', WEBHOOK_URL: 'https://hooks.example' };
  expect(problemsOf(on)[0]).toMatch(/^REPLICATE_WEBHOOKS needs REPLICATE_WEBHOOK_SECRET/);
  expect(accountsOf({ ...on, REPLICATE_WEBHOOK_SECRET: 'whsec_x' })[0]).toMatchObject({
    webhookSecret: 'whsec_x',
    webhookUrl: 'https://hooks.example',
  });
});

it('webhooks of the sandbox may be plain http, and need the same secret', () => {
  const on = { REPLICATE_WEBHOOKS: 'true', WEBHOOK_URL: 'http://127.0.0.1:4000' };
  expect(problemsOf(on)).toEqual([
    'REPLICATE_WEBHOOKS needs REPLICATE_WEBHOOK_SECRET, which the sandbox tells at /replicate/v1/webhooks/default/secret',
  ]);
  expect(problemsOf({ ...on, REPLICATE_WEBHOOK_SECRET: 'whsec_x' })).toEqual([]);
});

describe('a file of accounts', () => {
  const second = { id: 'bfl-two', provider: 'bfl', keyVariable: 'SECOND_KEY', activeTasks: 6 };

  it('adds to those of the variables, each with its own key, limit and projects', () => {
    const account = { ...second, projects: ['shop'], hosts: ['.bfl.ai'], baseUrl: 'https://api.eu.bfl.ai/' };
    const accounts = accountsOf({ BFL_API_KEY: 'one', SECOND_KEY: 'two', ...fileOf([account]) });
    expect(accounts.map(({ id, apiKey, projects }) => [id, apiKey, projects])).toEqual([
      ['bfl', 'one', null],
      ['bfl-two', 'two', ['shop']],
    ]);
    expect(accounts[1]).toMatchObject({ baseUrl: 'https://api.eu.bfl.ai', limit: 6, hosts: ['.bfl.ai'] });
  });

  it('is enough alone, and then there is no sandbox', () => {
    const config = readConfig({ SECOND_KEY: 'two', ...fileOf([second]) });
    expect(config.accounts).toHaveLength(1);
    expect(config.embeddedSandbox).toBeNull();
  });

  it('leaves hosts and the limit to what the variables of the provider say', () => {
    const of = (provider: string, more: Environment = {}) =>
      accountsOf({ K: 'k', ...more, ...fileOf([{ id: 'x', provider, keyVariable: 'K' }]) })[0];
    expect(of('bfl')).toMatchObject({ hosts: ['.bfl.ai'], limit: 24 });
    expect(of('fal')).toMatchObject({ hosts: ['.fal.run', '.fal.media', '.fal.ai'], limit: 10 });
    expect(of('cometapi-responses')).toMatchObject({ hosts: ['.cometapi.com', '.bfl.ai'] });
    expect(of('bfl', { BFL_ACTIVE_TASKS: '3', BFL_HOSTS: 'a.example' })).toMatchObject({
      hosts: ['a.example'],
      limit: 3,
    });
  });

  it('takes no key itself, only where it is', () => {
    expect(problemsOf(fileOf([{ ...second, key: 'secret' }]))[0]).toMatch(/^ACCOUNTS_FILE, 0/);
    expect(problemsOf(fileOf([{ ...second, key: 'secret' }])).join()).not.toContain('secret"');
  });

  it.each([
    ['that is no JSON', '{', /^ACCOUNTS_FILE cannot be read/],
    ['that is no list', {}, /^ACCOUNTS_FILE, the whole: /],
    ['without an account', [], /^ACCOUNTS_FILE, the whole: must list one account or more/],
    ['with an unknown provider', [{ ...second, provider: 'dalle' }], /^ACCOUNTS_FILE, 0.provider/],
    ['without a limit', [{ ...second, activeTasks: 0 }], /^ACCOUNTS_FILE, 0.activeTasks/],
    ['with an id that is none', [{ ...second, id: 'Two!' }], /^ACCOUNTS_FILE, 0.id/],
    ['whose key is not set', [second], /^ACCOUNTS_FILE, bfl-two: keyVariable names SECOND_KEY, which is not set/],
  ])('%s is refused', (_, content, problem) => {
    expect(problemsOf(fileOf(content))[0]).toMatch(problem);
  });

  it('may not set an account twice', () => {
    const twice = fileOf([{ ...second, id: 'bfl' }]);
    expect(problemsOf({ BFL_API_KEY: 'one', SECOND_KEY: 'two', ...twice })).toEqual([
      'ACCOUNTS_FILE sets the account bfl twice',
    ]);
  });

  it('that is missing is told', () => {
    expect(problemsOf({ ACCOUNTS_FILE: join(folder, 'none.json') })[0]).toMatch(/^ACCOUNTS_FILE cannot be read/);
  });
});
