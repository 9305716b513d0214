import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import parseRange from 'range-parser';
import { z } from 'zod';
import type { Authenticate } from '../access/keys.js';
import type { ExportFormat } from '../domain/export.js';
import { asError, DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { ExportService } from '../service/exports.js';
import type { ExportStreams } from '../service/export-stream.js';
import { matches } from './etag.js';
import { createExportQuery } from './export-query.js';
import { sendProblem } from './problem.js';

const contentTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const;
const formats: Readonly<Record<Ending, ExportFormat>> = { csv: 'CSV', ndjson: 'NDJSON', parquet: 'PARQUET' };
type Ending = keyof typeof contentTypes;

const addressSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  token: z.string().regex(/^[\w-]{22}$/),
  '*': z.string().max(200),
});

export type ExportRoutes = {
  authenticate: Authenticate;
  schema: GraphQLSchema;
  streams: ExportStreams;
  kept: Pick<ExportService, 'fileByToken'>;
  read: (claim: string, path: string, range?: { start: number; end: number }) => Promise<Readable | null>;
  logger: Logger;
};

/** Nobody else may keep or show what is exported. */
function secured(reply: FastifyReply, fileName: string): FastifyReply {
  return reply
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('x-content-type-options', 'nosniff');
}

/** `GET /exports/generations.<format>` streams; `GET /exports/<id>/<token>/<path>` gives a file that was made before. */
export function registerExports(app: FastifyInstance, parts: ExportRoutes): void {
  const { authenticate, streams, logger } = parts;
  const read = createExportQuery(parts.schema);

  async function stream(request: FastifyRequest, reply: FastifyReply, ending: Ending): Promise<FastifyReply> {
    const viewer = await authenticate(request.headers.authorization);
    if (viewer === null) {
      throw new DarkroomError('UNAUTHENTICATED', 'Send an API key: `Authorization: Bearer <key>`.');
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const asked = read(request.query, formats[ending]);
    const exported = await streams.open(viewer, asked, gone.signal).catch((error: unknown) => {
      // Nobody hears it, and nothing is wrong here.
      if (gone.signal.aborted) throw new DarkroomError('UNAVAILABLE', 'The reader has left.');
      if (error instanceof DarkroomError && error.code === 'UNAVAILABLE') void reply.header('retry-after', '5');
      throw error;
    });
    const body = Readable.from(exported.pieces, { objectMode: false, highWaterMark: 64 * 1024 });
    const warn = (error: unknown): void => {
      logger.warn({ err: asError(error), requestId: request.id }, 'An export ended early');
    };
    body.once('error', warn);
    exported.cut.addEventListener('abort', () => body.destroy(asError(exported.cut.reason)), { once: true });
    const day = new Date().toISOString().slice(0, 10);
    return await secured(reply, `generations-${viewer.projectSlug}-${day}.${ending}`)
      .header('cache-control', 'private, no-store')
      .type(contentTypes[ending])
      .send(body);
  }

  for (const ending of ['csv', 'ndjson', 'parquet'] as const) {
    app.get(`/exports/generations.${ending}`, { exposeHeadRoute: false }, async (request, reply) =>
      stream(request, reply, ending),
    );
  }
  app.get('/exports/generations.:format', { exposeHeadRoute: false }, async (_request, reply) =>
    sendProblem(reply, { code: 'NOT_FOUND', message: 'Exports end with .csv, .ndjson or .parquet.' }),
  );
  app.get('/exports/:id/:token/*', async (request, reply) => await sendFile(parts, request, reply));
}

async function sendFile(parts: ExportRoutes, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const address = addressSchema.safeParse(request.params);
  const { id = '', token = '', '*': path = '' } = address.data ?? {};
  const found = address.success ? await parts.kept.fileByToken(id, token, path) : null;
  const missing = { code: 'NOT_FOUND', message: 'There is no such export, or it has been removed.' } as const;
  if (found === null || found.kept.folder === null) return sendProblem(reply, missing);
  const { kept, file } = found;
  const etag = `"${file.sha256}"`;
  if (matches(request.headers['if-none-match'], etag)) return await reply.header('etag', etag).status(304).send();
  const range = rangeOf(request, file.bytes, etag);
  if (range === 'none') {
    const length = `bytes */${file.bytes}`;
    return await reply.status(416).header('content-range', length).type('text/plain').send('');
  }
  const isHead = request.method === 'HEAD';
  const bytes = isHead ? Readable.from([]) : await parts.read(kept.folder ?? '', path, range ?? undefined);
  if (bytes === null) return sendProblem(reply, missing);
  const length = range === null ? file.bytes : range.end - range.start + 1;
  secured(reply, path.split('/').slice(-3).join('-').replaceAll('=', '-'))
    .header('etag', etag)
    .header('cache-control', 'private, max-age=86400, immutable')
    .header('accept-ranges', 'bytes')
    .header('content-length', length)
    .type(contentTypes[kept.format.toLowerCase() as Ending]);
  if (range !== null) reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${file.bytes}`);
  return await reply.send(bytes);
}

/** The one range asked for; null: the whole; 'none': nothing of it is there. */
function rangeOf(request: FastifyRequest, size: number, etag: string): { start: number; end: number } | null | 'none' {
  const { range, 'if-range': ifRange } = request.headers;
  if (range === undefined || size === 0 || (ifRange !== undefined && ifRange !== etag)) return null;
  const ranges = parseRange(size, range, { combine: true });
  if (ranges === -1) return 'none';
  // A malformed header, another unit or several ranges: the whole is a valid answer.
  const only = ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1 ? undefined : ranges[0];
  return only ?? null;
}
