import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sheet, Sheets } from '../service/sheets.js';
import { matches } from './etag.js';
import { sendProblem } from './problem.js';

const uuid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const addressSchema = z.object({
  id: uuid,
  token: z.string().regex(/^[\w-]{22}$/),
});

const pairSchema = addressSchema.extend({ original: uuid });

/**
 * `GET /sheets/<sweep>/<token>` and `/sheets/<replay>/<token>/<original>`: sheets as they are now. Whoever has the address
 * may see them; it cannot be guessed.
 */
export function registerSheets(app: FastifyInstance, sheets: Sheets): void {
  app.get('/sheets/:id/:token', async (request, reply) => {
    const address = addressSchema.safeParse(request.params);
    const sheet = address.success ? await sheets.sweepByToken(address.data.id, address.data.token) : null;
    return await send(request, reply, sheet);
  });

  app.get('/sheets/:id/:token/:original', async (request, reply) => {
    const address = pairSchema.safeParse(request.params);
    const { id = '', token = '', original = '' } = address.data ?? {};
    const sheet = address.success ? await sheets.pairByToken(id, token, original) : null;
    return await send(request, reply, sheet);
  });
}

async function send(request: FastifyRequest, reply: FastifyReply, sheet: Sheet | null): Promise<FastifyReply> {
  if (sheet === null) return sendProblem(reply, { code: 'NOT_FOUND', message: 'There is no such sheet.' });
  const etag = `"${sheet.version}"`;
  void reply
    .header('etag', etag)
    // What is under the address changes until all is done, so browsers ask each time and get 304 in between.
    .header('cache-control', 'private, no-cache')
    .header('cross-origin-resource-policy', 'cross-origin')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('x-content-type-options', 'nosniff')
    .header('content-disposition', 'inline');
  if (matches(request.headers['if-none-match'], etag)) return await reply.status(304).send();
  return await reply.type('image/jpeg').send(await sheet.draw());
}
