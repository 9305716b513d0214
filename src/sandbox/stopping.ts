import type { Task } from './task.js';
import type { World } from './world.js';

/**
 * Stops a task because its submitter asks for it. `late`: it was over, or wants to be taken for it; `lost`: it is stopped, and
 * the answer must not arrive. A wish can have the request answered and ignored.
 */
export function cancelTask(world: World, task: Task): 'done' | 'late' | 'lost' {
  if (task.wish['cancel-refused'] !== undefined) return 'late';
  if (task.wish['cancel-ignored'] !== undefined) return 'done';
  if (!stopAt(world, task, world.settings.now())) return 'late';
  return task.wish['cancel-lost'] === undefined ? 'done' : 'lost';
}

/** Settles that a task is over at the moment `at` (ms since the epoch, now or later), unless it is by then. */
export function stopAt(world: World, task: Task, at: number): boolean {
  const { engine, journal, webhooks } = world;
  if (!engine.cancel(task, at)) return false;
  journal.append({ kind: 'cancel', task: task.id, at });
  journal.append({ kind: 'credits', owner: task.owner, balance: engine.credits(task.owner) });
  webhooks.plan(task);
  return true;
}
