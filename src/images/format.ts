/** The formats that Darkroom takes in and gives out. */
export type ContentType = 'image/jpeg' | 'image/png' | 'image/webp';

export type Format =
  | { accepted: true; contentType: ContentType; decoder: 'jpeg' | 'png' | 'webp' }
  /** `name` is null where the bytes are of no kind known to us. */
  | { accepted: false; name: string | null };

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Tells the format by the first bytes alone. Only what is accepted here is ever shown to the image library, so that the
 * parsers of all other formats (SVG's XML above all) never see foreign bytes.
 */
export function formatOf(bytes: Buffer): Format {
  if (bytes.subarray(0, 8).equals(pngSignature)) return { accepted: true, contentType: 'image/png', decoder: 'png' };
  if (bytes.length > 3 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) {
    return { accepted: true, contentType: 'image/jpeg', decoder: 'jpeg' };
  }
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') {
    return { accepted: true, contentType: 'image/webp', decoder: 'webp' };
  }
  return { accepted: false, name: refusedName(bytes) };
}

function refusedName(bytes: Buffer): string | null {
  const start = ascii(bytes, 0, 4);
  if (start === 'GIF8') return 'gif';
  if (start === 'II*\0' || start === 'MM\0*' || start === 'II+\0' || start === 'MM\0+') return 'tiff';
  if (start === '%PDF') return 'pdf';
  if (start.startsWith('BM')) return 'bmp';
  if (ascii(bytes, 4, 8) === 'ftyp') return /^avi[fs]/.test(ascii(bytes, 8, 12)) ? 'avif' : 'heif';
  if ((bytes[0] === 0xff && bytes[1] === 0x0a) || ascii(bytes, 4, 8) === 'JXL ') return 'jxl';
  if (start === '8BPS') return 'psd';
  if (/<svg[\s>]/i.test(ascii(bytes, 0, 4096))) return 'svg';
  return null;
}

function ascii(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to);
}

/**
 * Walks a PNG's chunks. The decoder shows the first frame of an animated PNG without a word, and does not mind when the
 * end of the file is missing.
 */
export function readPngChunks(bytes: Buffer): { animated: boolean; complete: boolean } {
  let animated = false;
  let offset = pngSignature.length;
  while (offset + 12 <= bytes.length) {
    const end = offset + 12 + bytes.readUInt32BE(offset);
    const kind = ascii(bytes, offset + 4, offset + 8);
    if (kind === 'acTL') animated = true;
    if (kind === 'IEND') return { animated, complete: end <= bytes.length };
    offset = end;
  }
  return { animated, complete: false };
}
