import { parseUrl } from '../hosts.js';
import type { ResultImage } from '../provider.js';
import { textOf, type Part } from './output.js';

/** The first picture in an answer: an address or base64 in a field of its own, else an address in the text. */
export function findPicture(parts: readonly Part[]): ResultImage | null {
  for (const { result, b64_json, image_base64, image_url, url } of parts) {
    for (const value of [result, b64_json, image_base64, image_url, url]) {
      const image = value === null ? null : (readAddress(value) ?? readBase64(value));
      if (image !== null) return image;
    }
  }
  return findInText(textOf(parts));
}

/**
 * In a text: a markdown picture before an address that ends like a picture's, and that before any other, since a text may
 * name pages beside it.
 */
function findInText(text: string): ResultImage | null {
  const marked = [...text.matchAll(/!\[[^\]]*\]\(\s*<?([^\s)>]+)/g)].map((match) => match[1] ?? '');
  const data = /data:image\/[\w.+-]+;base64,[\w+/=-]+/.exec(text)?.[0];
  const bare = [...text.matchAll(/https?:\/\/[^\s<>"'`)\]}|\\^]+/g)].map(([url]) => url.replace(/[.,;:!?*_]+$/, ''));
  const pictures = bare.filter((url) => /\.(png|jpe?g|webp)$/i.test(parseUrl(url)?.pathname ?? ''));
  for (const candidate of [...marked, ...(data === undefined ? [] : [data]), ...pictures, ...bare]) {
    const image = readAddress(candidate);
    if (image !== null) return image;
  }
  return null;
}

function readAddress(value: string): ResultImage | null {
  const inline = /^data:image\/[\w.+-]+;base64,/i.exec(value.trim());
  if (inline !== null) return readBase64(value.trim().slice(inline[0].length));
  if (value.length > 8192) return null;
  const url = parseUrl(value.trim());
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? { kind: 'url', url: url.href } : null;
}

/** Bytes only where all of it is base64, in lines or in one, and longer than any word. */
function readBase64(value: string): ResultImage | null {
  const packed = value.replace(/[\r\n]+/g, '');
  if (packed.length < 64 || !/^[\w+/-]+={0,2}$/.test(packed)) return null;
  const bytes = Buffer.from(packed, 'base64');
  return bytes.length === 0 ? null : { kind: 'bytes', bytes };
}
