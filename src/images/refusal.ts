/** Why bytes are not taken as an image, in a form that a `UserError` can be made of. */
export type ImageRefusal = {
  ok: false;
  reason: 'NOT_AN_IMAGE' | 'TOO_MANY_BYTES' | 'TOO_MANY_PIXELS' | 'TOO_SMALL';
  /** May be shown to the caller; names the limit and what came. */
  message: string;
  /** The limit that was broken: bytes, pixels, or pixels of a side. */
  limit: number | null;
  /** What came, in the unit of `limit`; for NOT_AN_IMAGE the name of the format, where it is known. */
  given: number | string | null;
};

export function notAnImage(message: string, given: string | null = null): ImageRefusal {
  return { ok: false, reason: 'NOT_AN_IMAGE', message, limit: null, given };
}

/** `given` may be an estimate where counting exactly would mean doing the work that the limit is there to prevent. */
export function tooManyBytes(given: number, limit: number): ImageRefusal {
  const message = `The image has ${inMebibytes(given)} MiB; at most ${inMebibytes(limit)} MiB (${limit} bytes) are allowed.`;
  return { ok: false, reason: 'TOO_MANY_BYTES', message, limit, given };
}

export function tooManyPixels(size: { width: number; height: number }, limit: number): ImageRefusal {
  const given = size.width * size.height;
  const message =
    `The image is ${size.width}×${size.height}, ${inMegapixels(given)} megapixels; ` +
    `at most ${inMegapixels(limit)} megapixels are allowed.`;
  return { ok: false, reason: 'TOO_MANY_PIXELS', message, limit, given };
}

export function tooSmall(size: { width: number; height: number }, limit: number): ImageRefusal {
  const message = `The image is ${size.width}×${size.height} px; each side must have at least ${limit} px.`;
  return { ok: false, reason: 'TOO_SMALL', message, limit, given: Math.min(size.width, size.height) };
}

// Rounded up at the last digit, so that what is a byte too much is never shown as equal to the limit.
function inMebibytes(bytes: number): string {
  return String(Math.ceil((bytes / (1024 * 1024)) * 100) / 100);
}

function inMegapixels(pixels: number): string {
  return String(Math.ceil(pixels / 10_000) / 100);
}
