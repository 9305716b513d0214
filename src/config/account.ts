export const providerNames = ['bfl', 'cometapi', 'cometapi-responses', 'fal', 'replicate', 'comfyui'] as const;
export type ProviderName = (typeof providerNames)[number];

/** A header's name in lower case, and the word before the key in it; null: the key alone. */
export type AuthHeader = { header: string; scheme: string | null };

export type AccountConfig = {
  id: string;
  provider: ProviderName;
  /** Null: the provider's own address, or the embedded sandbox's. */
  baseUrl: string | null;
  /** Null in a process that does not poll; empty where the upstream asks for none. */
  apiKey: string | null;
  /** How the key is sent; null: in the provider's usual way. */
  auth: AuthHeader | null;
  hosts: readonly string[];
  limit: number;
  /** Where the provider can reach our `/webhooks`; null: it is not asked to call. */
  webhookUrl: string | null;
  /** What the provider signs its webhooks with, where that is the account's own. */
  webhookSecret: string | null;
  /** Slugs of the projects that may use it; null: all. */
  projects: readonly string[] | null;
  sandbox: boolean;
};

/** An account as it was set, before its key is read and its rules are checked. */
export type AccountSettings = Pick<
  AccountConfig,
  'id' | 'provider' | 'baseUrl' | 'auth' | 'hosts' | 'limit' | 'webhookSecret' | 'projects'
> & {
  key: string | undefined;
  keyFile: string | undefined;
  allowHttp: boolean;
  webhooks: boolean;
  /** How problems name its settings. */
  names: { key: string; keyFile: string; baseUrl: string; allowHttp: string; webhooks: string };
};

export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function withoutSlash(url: string | undefined): string | null {
  return url?.replace(/\/+$/, '') ?? null;
}

/** `Name: scheme`, or `Name:` for the key alone; null for anything else. */
export function readAuthHeader(text: string): AuthHeader | null {
  const match = /^([A-Za-z0-9-]+)\s*:\s*([A-Za-z0-9-]*)\s*$/.exec(text);
  if (match === null) return null;
  const [, header = '', scheme = ''] = match;
  return { header: header.toLowerCase(), scheme: scheme === '' ? null : scheme };
}
