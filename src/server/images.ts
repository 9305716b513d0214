import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import parseRange from 'range-parser';
import { z } from 'zod';
import type { ImageRecord } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import type { Images } from '../domain/ports.js';
import type { Checked } from '../domain/refusal.js';
import type { Authenticate } from '../access/keys.js';
import { DarkroomError } from '../errors.js';
import { keptThumbnail } from '../images/kept-thumbnail.js';
import type { ImageStore } from '../images/store.js';
import { stepFor } from '../images/thumbnail.js';
import { matches } from './etag.js';
import { sendProblem } from './problem.js';

/** A little over what the images room allows, so that its own message, which names the limit, is the one that is seen. */
const bodyLimit = 16 * 1024 * 1024;

const addressSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  token: z.string().regex(/^[\w-]{22}$/),
});
const querySchema = z.object({ width: z.coerce.number().int().min(16).max(2_048).optional() });

export type ImageRoutes = {
  authenticate: Authenticate;
  upload: (projectId: string, bytes: Buffer) => Promise<Checked<ImageRecord>>;
  images: Images;
  store: ImageStore;
  publicUrl: () => string;
};

/** `POST /images` takes bytes; `GET /images/<id>/<token>` gives them back, whole, in ranges or as a thumbnail. */
export function registerImages(app: FastifyInstance, parts: ImageRoutes): void {
  void app.register(async (scope) => {
    // Whatever type the sender names: the bytes themselves decide what they are.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post('/images', { bodyLimit, onRequest: requireKey }, upload);
  });

  async function requireKey(request: FastifyRequest): Promise<void> {
    // Before the body is read: nobody without a key makes us take 15 MiB.
    if ((await parts.authenticate(request.headers.authorization)) === null) {
      throw new DarkroomError('UNAUTHENTICATED', 'Send an API key: `Authorization: Bearer <key>`.');
    }
  }

  async function upload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const viewer = await parts.authenticate(request.headers.authorization);
    if (viewer === null) throw new DarkroomError('UNAUTHENTICATED', 'Send an API key.');
    if (!Buffer.isBuffer(request.body) || request.body.length === 0) {
      return sendProblem(reply, { code: 'BAD_REQUEST', message: 'Send the bytes of one image as the body.' });
    }
    const checked = await parts.upload(viewer.projectId, request.body);
    if (!checked.ok) {
      const [first] = checked.refusals;
      const code =
        first?.code === 'IMAGE_SIZE'
          ? 'TOO_LARGE'
          : first?.code === 'STORAGE_UNAVAILABLE' || first?.code === 'QUOTA_EXCEEDED'
            ? first.code
            : 'UNSUPPORTED_IMAGE';
      const { minimum = null, maximum = null, given = null } = first ?? {};
      return sendProblem(reply, {
        code,
        message: first?.message ?? 'The image was refused.',
        // A picture that is too small is not "too large" in HTTP's words.
        ...(minimum === null ? {} : { status: 422 }),
        details: { minimum, maximum, given },
      });
    }
    const { id, token, contentType, width, height, bytes } = checked.value;
    return await reply.status(201).send({
      id: publicId('Image', id),
      contentType,
      width,
      height,
      bytes,
      url: `${parts.publicUrl()}/images/${id}/${token}`,
    });
  }

  app.get('/images/:id/:token', async (request, reply) => {
    const address = addressSchema.safeParse(request.params);
    const image = address.success ? await parts.images.byToken(address.data.id, address.data.token) : null;
    if (image === null) return sendProblem(reply, { code: 'NOT_FOUND', message: 'There is no such image.' });
    const query = querySchema.safeParse(request.query);
    if (!query.success) {
      return sendProblem(reply, { code: 'BAD_REQUEST', message: 'width must be a whole number from 16 to 2048.' });
    }
    const { width } = query.data;
    const etag = width === undefined ? `"${image.sha256}"` : `"${image.sha256}-w${stepFor(width)}"`;
    void reply
      .header('etag', etag)
      // The address names the content, so what is under it never changes.
      .header('cache-control', 'private, max-age=31536000, immutable')
      .header('accept-ranges', 'bytes')
      .header('cross-origin-resource-policy', 'cross-origin')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('x-content-type-options', 'nosniff')
      .header('content-disposition', 'inline');
    if (matches(request.headers['if-none-match'], etag)) return await reply.status(304).send();
    const found = await bytesOf(parts.store, image, width);
    if (found === null)
      return sendProblem(reply.removeHeader('etag'), {
        code: 'NOT_FOUND',
        message: 'The bytes of this image are gone.',
      });
    return await sendBytes(request, reply.type(found.contentType), etag, found.bytes);
  });
}

async function bytesOf(
  store: ImageStore,
  image: ImageRecord,
  width: number | undefined,
): Promise<{ bytes: Buffer; contentType: string } | null> {
  const key = { projectId: image.projectId, sha256: image.sha256 };
  if (width === undefined) {
    const bytes = await store.read(key);
    return bytes === null ? null : { bytes, contentType: image.contentType };
  }
  const bytes = await keptThumbnail(store, key, stepFor(width));
  return bytes === null ? null : { bytes, contentType: 'image/webp' };
}

async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  bytes: Buffer,
): Promise<FastifyReply> {
  const { range, 'if-range': ifRange } = request.headers;
  if (range === undefined || (ifRange !== undefined && ifRange !== etag)) return await reply.send(bytes);
  const ranges = parseRange(bytes.length, range, { combine: true });
  if (ranges === -1) {
    return await reply.status(416).header('content-range', `bytes */${bytes.length}`).type('text/plain').send('');
  }
  // A malformed header, another unit or several ranges: the whole is a valid answer.
  const only = ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1 ? undefined : ranges[0];
  if (only === undefined) return await reply.send(bytes);
  return await reply
    .status(206)
    .header('content-range', `bytes ${only.start}-${only.end}/${bytes.length}`)
    .send(bytes.subarray(only.start, only.end + 1));
}
