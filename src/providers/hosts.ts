import type { ProviderAccount } from './provider.js';

/** What decides where an account's requests may go. */
type Reach = Pick<ProviderAccount, 'baseUrl' | 'hosts'>;

export function parseUrl(text: string, base?: URL): URL | null {
  return URL.canParse(text, base?.href) ? new URL(text, base) : null;
}

function isEntryFor(entry: string, host: string): boolean {
  const wide = entry.startsWith('.');
  // Parsed like the URL it is held against, so that case, IPv6 brackets and default ports agree.
  const name = parseUrl(`https://${wide ? entry.slice(1) : entry}`)?.host;
  if (name === undefined || name === '') return false;
  return host === name || (wide && host.endsWith(`.${name}`));
}

/**
 * The URL in `text` when this account may follow it, else null. Https only, and only to the listed hosts and the base
 * URL's own; plain http solely where the operator chose it, that is at the base URL's own origin. A URL with a user or
 * password in it is never followed.
 */
export function followableUrl(reach: Reach, text: string, relativeTo?: URL): URL | null {
  const url = parseUrl(text, relativeTo);
  if (url === null || url.username !== '' || url.password !== '') return null;
  const base = parseUrl(reach.baseUrl);
  if (base !== null && url.origin === base.origin) return isWeb(url) ? url : null;
  if (url.protocol !== 'https:') return null;
  if (base !== null && url.host === base.host) return url;
  return reach.hosts.some((entry) => isEntryFor(entry, url.host)) ? url : null;
}

/** An address below the account's base URL; null when the base URL itself is none. `path` starts with a slash. */
export function endpointUrl(reach: Reach, path: string): URL | null {
  return followableUrl(reach, `${reach.baseUrl.replace(/\/+$/, '')}${path}`);
}

/**
 * The URL in `text` when a key may go there: at the base URL's own host, whatever hosts are listed. For providers whose
 * listed hosts only deliver images.
 */
export function homeUrl(reach: Reach, text: string): URL | null {
  return followableUrl({ baseUrl: reach.baseUrl, hosts: [] }, text);
}

function isWeb(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}
