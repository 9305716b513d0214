import type { FastifyReply, FastifyRequest } from 'fastify';
import { drawLook } from './faults.js';
import { sendHalf, sendPage } from './replies.js';
import type { Task } from './task.js';
import type { World } from './world.js';

type Answer = { status: number; body: unknown };

export type Found = { task: Task; look: number };

/** What `engine.look` found, as it is known to whoever looks: a late task is unknown at first. */
export function known(found: Found | null): Task | null {
  return found === null || found.look <= (found.task.wish['late-task'] ?? 0) ? null : found.task;
}

/** Answers a look, or lets it go wrong as the prompt or chance will have it. */
export async function answerLook(
  world: World,
  request: FastifyRequest,
  reply: FastifyReply,
  found: Found | null,
  how: {
    refuse(status: 429 | 500): FastifyReply;
    answer(): Promise<Answer> | Answer;
  },
): Promise<FastifyReply> {
  if (found !== null) {
    const { look, task } = found;
    if (look <= (task.wish['poll-500'] ?? 0)) return how.refuse(500);
    if (look <= (task.wish['poll-429'] ?? 0)) return how.refuse(429);
    if (look <= (task.wish['poll-html'] ?? 0)) return sendPage(reply);
    const { faults, seed } = world.settings;
    const fault = task.luck === null ? null : drawLook(faults, seed, task.luck, look);
    if (fault !== null) {
      if (fault.retryAfter !== null) reply.header('retry-after', fault.retryAfter);
      return how.refuse(fault.status);
    }
  }
  const { status, body } = await how.answer();
  if (found !== null && found.look <= (found.task.wish['poll-truncated'] ?? 0))
    return sendHalf(request, reply, status, body);
  return reply.code(status).send(body);
}
