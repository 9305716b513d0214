import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { formatOf } from './sketching.js';
import type { Task } from './task.js';
import type { World } from './world.js';

/** Where `foreign-sample-url` points; the name can never resolve (RFC 6761). */
const foreignDelivery = 'https://delivery.elsewhere.invalid';

/** Address of a task's picture number `n`, from 0. The long random part is all that protects it, as with a signed address. */
export function sampleUrl(task: Task, url: string, n = 0): string {
  const host = task.wish['foreign-sample-url'] === undefined ? url : foreignDelivery;
  return `${host}/delivery/${task.delivery}/sample${n === 0 ? '' : `-${n + 1}`}.${formatOf(task)}`;
}

/** Whether a path belongs to the delivery host, to which no key should ever be sent. */
export function isDelivery(path: string): boolean {
  return path.startsWith('/delivery/');
}

const expiredBody = `<?xml version="1.0" encoding="utf-8"?>
<Error><Code>AuthenticationFailed</Code><Message>Signature not valid in the specified time frame</Message></Error>`;
const lostBody = `<?xml version="1.0" encoding="utf-8"?>
<Error><Code>ResourceNotFound</Code><Message>The specified resource does not exist.</Message></Error>`;
export const htmlBody =
  '<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>';

function fail(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).type('application/xml').send(body);
}

/** The start of a JPEG and then filler, made as it is read. */
export function* endless(bytes: number): Generator<Buffer> {
  yield Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  const filler = Buffer.alloc(65_536, 0x2a);
  for (let sent = 20; sent < bytes; sent += filler.length) yield filler;
}

/** Serves results for as long as they live. No key is asked for, as with the real delivery host. */
export function registerDelivery(app: FastifyInstance, world: World): void {
  app.get<{ Params: { token: string; '*': string } }>('/delivery/:token/*', async (request, reply) => {
    const task = world.engine.byDelivery(request.params.token);
    if (task === null) return fail(reply, 404, lostBody);
    if (task.expiresAt !== null && world.settings.now() >= task.expiresAt) return fail(reply, 403, expiredBody);
    const { wish } = task;
    if (wish.html !== undefined) return reply.type('text/html; charset=utf-8').send(htmlBody);
    const type = `image/${formatOf(task)}`;
    if (wish['not-an-image'] !== undefined) return reply.type(type).send(Buffer.from('no image, only called so\n'));
    if (wish.huge !== undefined)
      return reply.type(type).send(Readable.from(endless(world.settings.hugeBytes), { objectMode: false }));
    const number = Number(/-(\d{1,2})\.\w+$/.exec(request.params['*'])?.[1] ?? 1);
    const bytes = await world.picture(task, number - 1);
    return bytes === null ? fail(reply, 404, lostBody) : reply.type(type).send(bytes);
  });
}
