import sharp from 'sharp';

/** A photograph-like picture: a bottle with shading, a label, a table, a round fruit and grain. */
export async function still(width: number, height: number): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 400 300" preserveAspectRatio="none">
<defs><linearGradient id="g"><stop offset="0" stop-color="#0d2b1a"/><stop offset=".3" stop-color="#6fbf8a"/><stop offset="1" stop-color="#06160d"/></linearGradient>
<radialGradient id="o" cx=".35" cy=".3"><stop offset="0" stop-color="#ffd9a0"/><stop offset="1" stop-color="#7b3a0a"/></radialGradient></defs>
<rect width="400" height="300" fill="#cfc6b6"/><rect y="215" width="400" height="85" fill="#5b4636"/>
<path d="M140 270V130q0-20 15-32V40h26v58q15 12 15 32v140z" fill="url(#g)"/><rect x="140" y="165" width="56" height="56" fill="#efe6d0"/>
<circle cx="265" cy="238" r="34" fill="url(#o)"/><rect x="30" y="30" width="70" height="90" fill="#f4f0e6" stroke="#443322" stroke-width="5"/></svg>`;
  const grain = Buffer.alloc(width * height * 3);
  for (let i = 0, state = 12_345; i < grain.length; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    grain[i] = 118 + (Math.floor(state / 65_536) % 21);
  }
  const input = { input: grain, raw: { width, height, channels: 3 }, blend: 'overlay' } as const;
  return await sharp(await sharp(Buffer.from(svg)).removeAlpha().png().toBuffer())
    .composite([input])
    .removeAlpha()
    .png()
    .toBuffer();
}

/** RGB pixels of an image file. */
export async function pixels(image: Buffer): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(image)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

export function base64(image: Buffer): string {
  return image.toString('base64');
}
