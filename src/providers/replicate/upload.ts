import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readObject } from '../answer.js';
import { dataUri, imageType } from '../data-uri.js';
import type { SubmitImage, SubmitRequest } from '../provider.js';
import type { Exchange } from '../exchange.js';

/** Larger files are to be given by their address (Replicate documentation, 2026). */
const inlineBytes = 256_000;
const answerShape = z.object({ urls: z.object({ get: z.url({ protocol: /^https?$/ }) }) });

type Post = (contentType: string, body: Buffer) => Promise<Exchange>;

/**
 * How each image of a request goes into its body: small ones as they are, large ones by the address of a file that is uploaded
 * first, which costs nothing and is deleted by itself. One that cannot be uploaded goes along all the same: larger ones are
 * taken too, only the answers and webhooks then repeat them.
 */
export async function writeImages(
  images: SubmitRequest['images'],
  post: Post,
): Promise<(image: SubmitImage) => string> {
  const addresses = new Map<SubmitImage, string>();
  for (const image of Object.values(images)) {
    if (image.bytes.length <= inlineBytes) continue;
    const { body, contentType } = formOf(image.bytes);
    const exchange = await post(contentType, body);
    const created = exchange.kind === 'answered' && exchange.status >= 200 && exchange.status < 300;
    const { data } = answerShape.safeParse(created ? readObject(exchange.body) : null);
    if (data !== undefined) addresses.set(image, data.urls.get);
  }
  return (image) => addresses.get(image) ?? dataUri(image.bytes);
}

function formOf(bytes: Buffer): { body: Buffer; contentType: string } {
  const digest = createHash('sha256').update(bytes).digest('hex');
  // No bytes hold their own hash.
  const boundary = `darkroom-${digest}`;
  const type = imageType(bytes);
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="content"; ` +
    `filename="${digest.slice(0, 32)}.${type.replace(/^.*\//, '')}"\r\nContent-Type: ${type}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, contentType: `multipart/form-data; boundary=${boundary}` };
}
