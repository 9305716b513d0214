import sharp from 'sharp';

/** One small real picture of 64 by 64, for load tests in which nobody looks at it. */
export async function tinyImage(format: 'jpeg' | 'png' | 'webp'): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#34407f"/>
<circle cx="32" cy="32" r="18" fill="#ffd27a"/></svg>`;
  return await sharp(Buffer.from(svg)).removeAlpha().toFormat(format).toBuffer();
}
