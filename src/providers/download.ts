import { tidy } from './answer.js';
import { followableUrl } from './hosts.js';
import type { DownloadOutcome, ProviderAccount } from './provider.js';
import { headerOf, type Transport } from './transport.js';

/** More than any image these upstreams make. */
export const maxImageBytes = 40 * 1024 * 1024;
const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const goneStatuses: ReadonlySet<number> = new Set([403, 404, 410]);

/**
 * Fetches a finished image, without any key: delivery hosts need none. A page in place of the image (a gateway's 200 with
 * HTML or JSON) is `unavailable`, since it says nothing about the image; once the image has expired its host says so by
 * 403, 404 or 410.
 */
export async function downloadImage(options: {
  transport: Transport;
  account: ProviderAccount;
  url: string;
  maxBytes: number;
  signal: AbortSignal;
  /** What a server that keeps its own pictures wants to be asked with; must give nothing for any other host. */
  headersFor?: (url: URL) => Readonly<Record<string, string>>;
}): Promise<DownloadOutcome> {
  const { transport, account, maxBytes, signal } = options;
  const say = (message: string) => tidy(message, account.apiKey);
  let location = options.url;
  let from: URL | undefined;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const url = followableUrl(account, location, from);
    if (url === null) return { kind: 'foreign', message: say(`not followed: ${withoutQuery(location)}`) };
    const headers = { accept: 'image/*', ...options.headersFor?.(url) };
    const exchange = await transport.read({ method: 'GET', url, headers, maxBytes, signal });
    if (exchange.kind !== 'answered') return { kind: 'unavailable', message: say(exchange.message) };
    const { status, body } = exchange;
    const target = headerOf(exchange, 'location');
    if (redirects.has(status) && target !== null) {
      location = target;
      from = url;
      continue;
    }
    if (goneStatuses.has(status)) return { kind: 'gone', message: `the image's URL answers HTTP ${status}` };
    if (status !== 200) return { kind: 'unavailable', message: `the image's URL answers HTTP ${status}` };
    if (body.kind === 'oversized') return { kind: 'tooLarge', message: `the image has more than ${maxBytes} bytes` };
    if (body.kind === 'broken') return { kind: 'unavailable', message: say(`the image broke off: ${body.message}`) };
    const type = headerOf(exchange, 'content-type') ?? '';
    if (isPage(type)) return { kind: 'unavailable', message: say(`the image's URL answers with ${type}`) };
    if (body.bytes.length === 0) return { kind: 'unavailable', message: 'the image has no bytes' };
    return { kind: 'bytes', bytes: body.bytes };
  }
  return { kind: 'unavailable', message: `the image's URL redirects more than ${maxRedirects} times` };
}

function isPage(contentType: string): boolean {
  return /^\s*(text\/|application\/(\w[\w.-]*\+)?(json|xml)\b|application\/xhtml)/i.test(contentType);
}

/** Delivery URLs are signed in their query; whoever reads a log shall not be able to fetch the image. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
