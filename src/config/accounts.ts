import { readFileSync } from 'node:fs';
import {
  list,
  readAuthHeader,
  withoutSlash,
  type AccountConfig,
  type AccountSettings,
  type ProviderName,
} from './account.js';
import { readAccountsFile, type AccountDefaults } from './accounts-file.js';
import type { Environment, Variables } from './variables.js';

/** One group of variables for each account; CometAPI's serves both of its dialects. */
const groups = [
  { prefix: 'BFL', keyVariable: 'BFL_API_KEY', providers: ['bfl'] },
  { prefix: 'COMETAPI', keyVariable: 'COMETAPI_API_KEY', providers: ['cometapi', 'cometapi-responses'] },
  { prefix: 'FAL', keyVariable: 'FAL_KEY', providers: ['fal'] },
  { prefix: 'REPLICATE', keyVariable: 'REPLICATE_API_TOKEN', providers: ['replicate'] },
  { prefix: 'COMFYUI', keyVariable: 'COMFYUI_API_KEY', providers: ['comfyui'] },
] as const;
type Group = (typeof groups)[number];

/** Where each provider's dialect begins at the sandbox. */
const sandboxPaths: Readonly<Record<ProviderName, string>> = {
  bfl: '',
  cometapi: '',
  'cometapi-responses': '',
  fal: '/fal',
  replicate: '/replicate',
  comfyui: '/comfyui',
};

export function sandboxPath(provider: ProviderName): string {
  return sandboxPaths[provider];
}

/** All accounts; the sandbox's only when no real one is set. What is wrong is added to `problems`. */
export function readAccounts(env: Variables, environment: Environment, problems: string[]): AccountConfig[] {
  const fromGroups = groups.flatMap((group) => settingsOf(group, env, problems));
  const file = env.ACCOUNTS_FILE;
  const defaultsOf = (provider: ProviderName): AccountDefaults => variableDefaults(provider, env);
  const fromFile = file === undefined ? [] : readAccountsFile(file, environment, defaultsOf, problems);
  const real = [...fromGroups, ...fromFile];
  for (const [place, { id }] of real.entries()) {
    if (real.findIndex((each) => each.id === id) < place) problems.push(`ACCOUNTS_FILE sets the account ${id} twice`);
  }
  if (real.length > 0) return real.map((settings) => accountOf(settings, env, problems));
  return groups.flatMap((group) => sandboxAccounts(group, env, problems));
}

/** The hosts and the limit that the provider's variables say, which have defaults of their own. */
function variableDefaults(provider: ProviderName, env: Variables): AccountDefaults {
  const group = groups.find(({ providers }) => providers.some((each) => each === provider));
  if (group === undefined) throw new Error(`No variables are about ${provider}.`);
  return { hosts: hostsOf(group.prefix, env), limit: env[`${group.prefix}_ACTIVE_TASKS`] };
}

function hostsOf(prefix: Group['prefix'], env: Variables): string[] {
  return prefix === 'COMFYUI' ? [] : list(env[`${prefix}_HOSTS` as const]);
}

/** The accounts of one group of variables: none when neither key nor address is set. */
function settingsOf({ prefix, keyVariable, providers }: Group, env: Variables, problems: string[]): AccountSettings[] {
  const [key, keyFile, baseUrl] = [
    env[keyVariable],
    env[`${keyVariable}_FILE` as const],
    env[`${prefix}_BASE_URL` as const],
  ];
  if (key === undefined && keyFile === undefined && baseUrl === undefined) return [];
  const headerText = prefix === 'COMETAPI' || prefix === 'COMFYUI' ? env[`${prefix}_AUTH_HEADER` as const] : null;
  const auth = headerText === null ? null : readAuthHeader(headerText);
  if (headerText !== null && auth === null) problems.push(`${prefix}_AUTH_HEADER must be like "Authorization: Bearer"`);
  return providers.map((provider) => ({
    id: provider,
    provider,
    key,
    keyFile,
    baseUrl: withoutSlash(baseUrl),
    auth,
    hosts: hostsOf(prefix, env),
    limit: env[`${prefix}_ACTIVE_TASKS` as const],
    allowHttp: env[`${prefix}_ALLOW_HTTP` as const] === 'true',
    webhooks: asksForWebhooks(prefix, env),
    webhookSecret: prefix === 'REPLICATE' ? (env.REPLICATE_WEBHOOK_SECRET ?? null) : null,
    projects: null,
    names: {
      key: keyVariable,
      keyFile: `${keyVariable}_FILE`,
      baseUrl: `${prefix}_BASE_URL`,
      allowHttp: `${prefix}_ALLOW_HTTP=true`,
      webhooks: `${prefix}_WEBHOOKS`,
    },
  }));
}

function asksForWebhooks(prefix: Group['prefix'], env: Variables): boolean {
  return prefix !== 'COMFYUI' && env[`${prefix}_WEBHOOKS` as const] === 'true';
}

function sandboxAccounts({ prefix, providers }: Group, env: Variables, problems: string[]): AccountConfig[] {
  const address = withoutSlash(env.SANDBOX_URL);
  const webhookUrl = asksForWebhooks(prefix, env) ? readWebhookUrl(env, `${prefix}_WEBHOOKS`, false, problems) : null;
  if (prefix === 'REPLICATE' && webhookUrl !== null && env.REPLICATE_WEBHOOK_SECRET === undefined) {
    const where = `${sandboxPath('replicate')}/v1/webhooks/default/secret`;
    problems.push(`REPLICATE_WEBHOOKS needs REPLICATE_WEBHOOK_SECRET, which the sandbox tells at ${where}`);
  }
  return providers.map((provider) => ({
    id: provider === 'bfl' ? 'sandbox' : `sandbox-${provider}`,
    provider,
    baseUrl: address === null ? null : `${address}${sandboxPath(provider)}`,
    apiKey: env.ROLE === 'api' ? null : 'sandbox-key',
    auth: null,
    hosts: [],
    limit: env[`${prefix}_ACTIVE_TASKS` as const],
    webhookUrl: provider === 'cometapi-responses' ? null : webhookUrl,
    webhookSecret: prefix === 'REPLICATE' ? (env.REPLICATE_WEBHOOK_SECRET ?? null) : null,
    projects: null,
    sandbox: true,
  }));
}

function accountOf(settings: AccountSettings, env: Variables, problems: string[]): AccountConfig {
  const { id, provider, baseUrl, auth, hosts, limit, webhookSecret, projects, allowHttp, webhooks, names } = settings;
  if (baseUrl !== null && /^http:/i.test(baseUrl) && !allowHttp && !isOwnMachine(baseUrl)) {
    problems.push(
      `${names.baseUrl} is plain http, which shows the key to everybody on the way; ${names.allowHttp} allows it`,
    );
  }
  if (provider === 'comfyui' && baseUrl === null) problems.push(`${names.key} is set without ${names.baseUrl}`);
  if (provider === 'replicate' && webhooks && webhookSecret === null) {
    problems.push(`${names.webhooks} needs REPLICATE_WEBHOOK_SECRET, with which Replicate signs`);
  }
  // One answer brings the picture.
  const calls = webhooks && provider !== 'cometapi-responses';
  return {
    id,
    provider,
    baseUrl,
    apiKey: env.ROLE === 'api' ? null : readKey(settings, problems),
    auth,
    hosts,
    limit,
    webhookUrl: calls ? readWebhookUrl(env, names.webhooks, true, problems) : null,
    webhookSecret,
    projects,
    sandbox: false,
  };
}

function isOwnMachine(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

function readWebhookUrl(env: Variables, variable: string, real: boolean, problems: string[]): string | null {
  const url = withoutSlash(env.WEBHOOK_URL ?? env.PUBLIC_URL);
  if (url === null) problems.push(`${variable} needs WEBHOOK_URL or PUBLIC_URL, where the provider is to call`);
  else if (real && !url.startsWith('https:')) problems.push('WEBHOOK_URL must be https: providers call no other');
  return url;
}

function readKey({ provider, key, keyFile, names }: AccountSettings, problems: string[]): string | null {
  if (key !== undefined) return key;
  if (keyFile === undefined) {
    if (provider === 'comfyui') return '';
    problems.push(`${names.baseUrl} is set without ${names.key} or ${names.keyFile}`);
    return null;
  }
  try {
    const read = readFileSync(keyFile, 'utf8').trim();
    if (read === '') problems.push(`${names.keyFile} names an empty file`);
    return read;
  } catch (error) {
    problems.push(`${names.keyFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
