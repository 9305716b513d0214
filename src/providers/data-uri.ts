import { parseUrl } from './hosts.js';
import type { ResultImage } from './provider.js';

const signatures: readonly { type: string; at: number; bytes: string }[] = [
  { type: 'image/png', at: 0, bytes: '\u0089PNG' },
  { type: 'image/jpeg', at: 0, bytes: '\u00ff\u00d8\u00ff' },
  { type: 'image/webp', at: 8, bytes: 'WEBP' },
];

/** The media type of an image, by its first bytes. */
export function imageType(bytes: Buffer): string {
  const kind = signatures.find((each) => bytes.toString('latin1', each.at, each.at + each.bytes.length) === each.bytes);
  return kind?.type ?? 'application/octet-stream';
}

/** An image as a `data:` address, for providers that take no bare base64. */
export function dataUri(bytes: Buffer): string {
  return `data:${imageType(bytes)};base64,${bytes.toString('base64')}`;
}

/** The picture that an answer names, by a web address or by its own bytes in a `data:` address; null for anything else. */
export function readImageAddress(text: string): ResultImage | null {
  const [, base64] = /^\s*data:image\/[\w.+-]+(?:;[\w=.+-]+)*;base64,([A-Za-z0-9+/=_\s-]+)$/.exec(text) ?? [];
  if (base64 !== undefined) {
    const bytes = Buffer.from(base64, 'base64');
    return bytes.length === 0 ? null : { kind: 'bytes', bytes };
  }
  const url = text.length > 8192 ? null : parseUrl(text.trim());
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? { kind: 'url', url: url.href } : null;
}
