import type { FastifyInstance } from 'fastify';
import { outcomeWords } from './outcome.js';
import { phaseOf } from './task.js';
import type { World } from './world.js';

/** The sandbox's own pages, which no upstream has: what arrived, what became of it, and which words a prompt may use. */
export function registerInspection(app: FastifyInstance, world: World): void {
  app.get('/sandbox/log', (_request, reply) => {
    const lines = world.witness.log().map((entry) => `${JSON.stringify(entry)}\n`);
    return reply.type('application/x-ndjson').send(lines.join(''));
  });

  app.get('/sandbox/tasks', (_request, reply) => {
    const at = world.settings.now();
    return reply.send({
      tasks: world.engine.tasks().map((task) => Object.assign({}, task, { phase: phaseOf(task, at) })),
    });
  });

  app.get('/sandbox/words', (_request, reply) => reply.send(outcomeWords));
}
