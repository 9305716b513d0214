/** What an image may be before it is taken in. */
export type ImageLimits = {
  /** Most bytes of the file. */
  maxBytes: number;
  /** Most pixels, width × height. */
  maxPixels: number;
  /** Fewest pixels of the shorter side. */
  minSide: number;
  /**
   * How much damage makes a picture unusable: `warning` refuses whatever the decoder complains about, `error` only what
   * it cannot get over or what ends too early.
   */
  damage: 'warning' | 'error';
};

/**
 * Pictures that callers hand in. The numbers are those that Black Forest Labs' own Python client checks for control
 * images: 20 MB as base64 (which is 15 MiB of bytes), 20 megapixels, 256 px a side.
 */
export const uploadLimits: ImageLimits = {
  maxBytes: 15 * 1024 * 1024,
  maxPixels: 20_000_000,
  minSide: 256,
  damage: 'warning',
};

/**
 * Pictures that a provider made: our own bounds against a faulty or hostile answer, far above what any model draws
 * (4 megapixels). They are paid for, so a decoder's mere complaint does not lose them.
 */
export const resultLimits: ImageLimits = {
  maxBytes: 40 * 1024 * 1024,
  maxPixels: 64_000_000,
  minSide: 1,
  damage: 'error',
};
