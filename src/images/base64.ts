import { uploadLimits } from './limits.js';
import { notAnImage, tooManyBytes, type ImageRefusal } from './refusal.js';

/** Line breaks every 64 or 76 characters, with carriage returns, add 3 %; a prefix adds a few dozen characters. */
const slack = 1.1;
const prefixRoom = 256;

/**
 * Decodes an image from base64, with or without `data:image/…;base64,` before it. White space, missing padding and the
 * URL-safe alphabet are tolerated; any other character is refused and not skipped, as what remained would be a damaged
 * picture. More than `maxBytes` is refused before anything is decoded. Whether the bytes are an image is not judged here.
 */
export function decodeBase64Image(
  text: string,
  maxBytes: number = uploadLimits.maxBytes,
): { ok: true; bytes: Buffer } | ImageRefusal {
  const longest = encodedLength(maxBytes);
  if (text.length > longest * slack + prefixRoom) return tooManyBytes(decodedLength(text.length), maxBytes);

  const start = text.slice(0, prefixRoom).trimStart();
  let body = text;
  if (/^data:/i.test(start)) {
    const prefix = /^data:image\/[a-z0-9.+-]+(?:;[a-z0-9=._-]+)*;base64,/i.exec(start);
    if (!prefix) return notAnImage('A data URL of an image must begin with "data:image/<type>;base64,".');
    body = text.trimStart().slice(prefix[0].length);
  } else if (/^https?:/i.test(start)) {
    return notAnImage('This is a URL, not base64.');
  }

  const packed = body.replace(/\s+/g, '');
  const content = packed.replace(/={1,2}$/, '');
  if (content === '') return notAnImage('The base64 text is empty.');
  const strange = /[^A-Za-z0-9+/_-]/.exec(content);
  if (strange) {
    const shown = JSON.stringify(String.fromCodePoint(content.codePointAt(strange.index) ?? 0));
    return notAnImage(`Not base64: unexpected character ${shown} at position ${strange.index}.`);
  }
  const padding = packed.length - content.length;
  if (content.length % 4 === 1 || (padding > 0 && packed.length % 4 !== 0)) {
    return notAnImage('Not base64: the text is cut short or has the wrong padding.');
  }
  const length = decodedLength(content.length);
  if (length > maxBytes) return tooManyBytes(length, maxBytes);
  return { ok: true, bytes: Buffer.from(content, 'base64') };
}

function encodedLength(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function decodedLength(characters: number): number {
  return Math.floor((characters * 3) / 4);
}
