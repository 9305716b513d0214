import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { outcomeWords } from './outcome.js';
import { readStats } from './stats.js';
import { phaseOf } from './task.js';
import type { World } from './world.js';

/** `since` is the last `n` already seen; `limit` the most lines wanted. */
const pageSchema = z.object({
  since: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).default(10_000_000),
});

const linesAtOnce = 1_000;

/** Written as it is read, so that a long log is never one long string. */
function* linesOf(entries: readonly unknown[]): Generator<string> {
  for (let from = 0; from < entries.length; from += linesAtOnce) {
    const lines = entries.slice(from, from + linesAtOnce).map((entry) => `${JSON.stringify(entry)}\n`);
    yield lines.join('');
  }
}

function sendPage(reply: FastifyReply, query: unknown, entries: readonly { n: number }[]): FastifyReply {
  const page = pageSchema.safeParse(query);
  if (!page.success) {
    const detail = 'since must be a whole number from 0, the last n already seen; limit a whole number from 1';
    return reply.code(400).send({ detail });
  }
  const { since, limit } = page.data;
  const wanted = entries.filter(({ n }) => n > since).slice(0, limit);
  return reply.type('application/x-ndjson').send(Readable.from(linesOf(wanted), { objectMode: false }));
}

/** The sandbox's own pages, which no upstream has: what arrived, what became of it, and which words a prompt may use. */
export function registerInspection(app: FastifyInstance, world: World): void {
  app.get('/sandbox/log', (request, reply) => sendPage(reply, request.query, world.witness.entries()));
  app.get('/sandbox/webhooks', (request, reply) => sendPage(reply, request.query, world.webhooks.log()));
  app.get('/sandbox/stats', (_request, reply) => reply.send(readStats(world)));

  app.get('/sandbox/tasks', (_request, reply) => {
    const at = world.settings.now();
    return reply.send({
      tasks: world.engine.tasks().map((task) => Object.assign({}, task, { phase: phaseOf(task, at) })),
    });
  });

  app.get('/sandbox/words', (_request, reply) => reply.send(outcomeWords));
}
