import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || (isIP(bare) === 4 && bare.startsWith('127.')) || bare === '::1';
}

/**
 * ComfyUI's guard against other people's web pages: what a browser calls cross-site is refused, and on this machine's own
 * addresses an Origin that is not the Host. A server's request carries neither, and passes.
 */
export function isForeign(headers: IncomingHttpHeaders): boolean {
  if (headers['sec-fetch-site'] === 'cross-site') return true;
  const { host, origin } = headers;
  if (host === undefined || origin === undefined) return false;
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const [asked, from] = [new URL(`http://${host}`), new URL(origin)];
  if (!isLoopback(asked.hostname)) return false;
  const both = asked.port !== '' && from.port !== '';
  return both ? asked.host !== from.host : asked.hostname !== from.hostname;
}
