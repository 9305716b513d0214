import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { endless, htmlBody } from '../delivery.js';
import type { Pictures } from '../pictures.js';
import type { Comfy } from './context.js';
import { annotatedName, folderNames, insideOf } from './files.js';
import { convert, paint } from './paint.js';
import { empty } from './replies.js';

const types: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
};

/** `GET /view`: a file as it is, or as a preview, or one channel of it. */
export async function viewFile(
  { files, world }: Comfy,
  pictures: Pictures,
  request: FastifyRequest<{ Querystring: Record<string, string | undefined> }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { filename, type = 'output', subfolder = '', preview = null, channel = null } = request.query;
  if (filename === undefined) return empty(reply, 404);
  if (filename === '' || filename.startsWith('/') || filename.includes('..')) return empty(reply, 400);
  const annotated = /\[(input|output|temp)\]$/.test(filename);
  const folder = folderNames.find((each) => each === type);
  if (!annotated && folder === undefined) return empty(reply, 400);
  const inner = insideOf(subfolder);
  if (inner === null) return empty(reply, 403);
  const known = annotatedName(filename, folder);
  // Only the last part of the name counts; where it lies is said by `subfolder` alone.
  const file = known === null ? null : files.get({ ...known, subfolder: inner });
  if (file === null) return empty(reply, 404);

  const { content, name } = file;
  const wish = content.kind === 'drawn' ? content.wish : null;
  if (wish === 'expired') return empty(reply, 404);
  if (wish === 'html') return reply.type('text/html; charset=utf-8').send(htmlBody);
  const contentType = types[posix.extname(name).toLowerCase()] ?? 'application/octet-stream';
  if (wish === 'not-an-image') return reply.type(contentType).send(Buffer.from('no image, only called so\n'));
  if (wish === 'huge')
    return reply.type(contentType).send(Readable.from(endless(world.settings.hugeBytes), { objectMode: false }));

  const bytes = content.kind === 'bytes' ? await files.bytes(content.hash) : await paint(content, files, pictures);
  if (bytes === null) return empty(reply, 404);
  reply.header('content-disposition', `filename="${name.replaceAll(/["\\]/g, '\\$&')}"`);
  if (preview === null && channel !== 'rgb' && channel !== 'a') return reply.type(contentType).send(bytes);
  const made = await convert(bytes, preview, channel);
  return reply.type(made.type).send(made.bytes);
}
