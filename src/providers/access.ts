import type { ProviderAccount, SubmitOutcome } from './provider.js';

/** Printable ASCII: what may stand in a header. Checked here, since an HTTP client's own complaint might quote the key. */
export function isHeaderValue(key: string): boolean {
  return /^[\x21-\x7e]+$/.test(key);
}

/** The header that carries the key: as the account has it, or in the provider's usual way. */
export function keyHeader(
  { apiKey, auth }: ProviderAccount,
  usual: { header: string; scheme: string | null },
): Record<string, string> {
  const { header, scheme } = auth ?? usual;
  return { [header.toLowerCase()]: scheme === null ? apiKey : `${scheme} ${apiKey}` };
}

/** Why an account cannot be asked at all, before anything is sent; null when it can. `url` is null for a bad base URL. */
export function accessFault(account: ProviderAccount, url: URL | null): string | null {
  if (url === null) return "the account's base URL is no http address";
  return isHeaderValue(account.apiKey) ? null : "the account's key is no usable key";
}

/** The outcome of a submit that was not sent, since the account cannot be used. */
export function unusableAccount(url: URL | null, message: string): SubmitOutcome {
  const code = url === null ? 'PROVIDER_UNREACHABLE' : 'PROVIDER_UNAUTHORIZED';
  return { kind: 'refused', code, message, httpStatus: null, retry: 'account', retryAfterMs: null };
}
