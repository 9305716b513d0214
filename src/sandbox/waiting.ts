import type { FastifyReply } from 'fastify';
import { sleep } from '../time.js';
import { phaseOf, type Task } from './task.js';
import type { World } from './world.js';

/** The clock may be moved by a test, so it is looked at again this soon. */
const lookAgainMs = 25;

/** Waits until `ready`, the moment `until` (ms since the epoch) on the sandbox's clock, its stop, or the reader's going away. */
export async function waitUntil(world: World, reply: FastifyReply, until: number, ready: () => boolean): Promise<void> {
  const { stopping, settings } = world;
  while (!ready() && settings.now() < until && !stopping.aborted && !reply.raw.destroyed) {
    await sleep(Math.min(lookAgainMs, Math.max(1, until - settings.now())), stopping);
  }
}

/** Whether a task is over, one way or another. */
export function isOver(world: World, task: Task): boolean {
  return ['done', 'forgotten'].includes(phaseOf(task, world.settings.now()));
}
