import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { providerNames, readAuthHeader, withoutSlash, type AccountSettings, type ProviderName } from './account.js';
import type { Environment } from './variables.js';

/** One account of `ACCOUNTS_FILE`. Keys are never in the file, only where they are. */
const entry = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  provider: z.enum(providerNames),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  allowHttp: z.boolean().default(false),
  /** Name of the variable that holds the key. */
  keyVariable: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  authHeader: z
    .string()
    .transform((text, context) => {
      const header = readAuthHeader(text);
      if (header === null) context.addIssue({ code: 'custom', message: 'must be like "Authorization: Bearer"' });
      return header;
    })
    .optional(),
  hosts: z.array(z.string().min(1)).optional(),
  activeTasks: z.int().min(1).max(100_000).optional(),
  webhooks: z.boolean().default(false),
  webhookSecretVariable: z.string().min(1).optional(),
  projects: z.array(z.string().min(1)).min(1).optional(),
});

/** What an account has that does not say otherwise. */
export type AccountDefaults = Pick<AccountSettings, 'hosts' | 'limit'>;

/** More accounts than the variables can say, from a JSON file with a list of them. */
export function readAccountsFile(
  path: string,
  environment: Environment,
  defaultsOf: (provider: ProviderName) => AccountDefaults,
  problems: string[],
): AccountSettings[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    problems.push(`ACCOUNTS_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
  const parsed = z.array(entry).min(1, 'must list one account or more').safeParse(content);
  if (!parsed.success) {
    const told = parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the whole'}: ${message}`);
    problems.push(...told.map((problem) => `ACCOUNTS_FILE, ${problem}`));
    return [];
  }
  return parsed.data.map((account) => settingsOf(account, environment, defaultsOf(account.provider), problems));
}

function settingsOf(
  account: z.infer<typeof entry>,
  environment: Environment,
  defaults: AccountDefaults,
  problems: string[],
): AccountSettings {
  const { id, keyVariable, webhookSecretVariable } = account;
  const named = (setting: string): string => `ACCOUNTS_FILE, ${id}: ${setting}`;
  const fromVariable = (setting: string, name: string | undefined): string | undefined => {
    const value = name === undefined ? undefined : environment[name];
    if (name !== undefined && (value ?? '') === '') problems.push(`${named(setting)} names ${name}, which is not set`);
    return value;
  };
  return {
    id,
    provider: account.provider,
    baseUrl: withoutSlash(account.baseUrl),
    key: fromVariable('keyVariable', keyVariable),
    keyFile: account.keyFile,
    auth: account.authHeader ?? null,
    hosts: account.hosts ?? defaults.hosts,
    limit: account.activeTasks ?? defaults.limit,
    allowHttp: account.allowHttp,
    webhooks: account.webhooks,
    webhookSecret: fromVariable('webhookSecretVariable', webhookSecretVariable) ?? null,
    projects: account.projects ?? null,
    names: {
      key: named('keyVariable'),
      keyFile: named('keyFile'),
      baseUrl: named('baseUrl'),
      allowHttp: named('allowHttp: true'),
      webhooks: named('webhooks'),
    },
  };
}
