import sharp from 'sharp';

type Size = { width: number; height: number };

/** A picture of one colour: tiny as a file, however large. */
export function flat({ width, height }: Size, background = '#3366cc') {
  return sharp({ create: { width, height, channels: 3, background }, limitInputPixels: false });
}

/** A picture that no format can pack well. */
export function noisy({ width, height }: Size) {
  return sharp({
    create: { width, height, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
}

/** Black, with a white rectangle that begins at a quarter of the width and height and ends at three quarters. */
export async function rectangle(size: number): Promise<Buffer> {
  const inner = await flat({ width: size / 2, height: size / 2 }, '#fff')
    .png()
    .toBuffer();
  return flat({ width: size, height: size }, '#000')
    .composite([{ input: inner, left: size / 4, top: size / 4 }])
    .png()
    .toBuffer();
}
