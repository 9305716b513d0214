import sharp from 'sharp';
import { randomFrom } from '../random.js';

/** Sides of a picture that no format can make much smaller than 64 KB. */
const side = 256;

/** One real picture of about 64 KB, for load tests in which bytes have to travel. */
export async function noiseImage(format: 'jpeg' | 'png' | 'webp'): Promise<Buffer> {
  const random = randomFrom('noise', format);
  const pixels = Buffer.from(Uint8Array.from({ length: side * side * 3 }, () => random() * 256));
  const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
  return format === 'jpeg' ? await image.jpeg({ quality: 70 }).toBuffer() : await image.toFormat(format).toBuffer();
}

/** The same JPEG picture in bytes of its own: with a comment behind its beginning. Other formats stay as they are. */
export function withComment(picture: Buffer, comment: string): Buffer {
  if (picture.readUInt16BE(0) !== 0xffd8) return picture;
  const text = Buffer.from(comment);
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([picture.subarray(0, 2), head, text, picture.subarray(2)]);
}
