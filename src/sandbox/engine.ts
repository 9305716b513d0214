import { randomBytes, randomUUID } from 'node:crypto';
import type { Blobs } from './blobs.js';
import { createHeap, type Heap } from './heap.js';
import type { Settings } from './options.js';
import type { Wish } from './outcome.js';
import { logNormal, randomFrom } from './random.js';
import { activeUntil, cancelAt, phaseOf, type Task } from './task.js';

/** What a dialect knows about a task when it hands it over. */
export type NewTask = {
  owner: string;
  dialect: string;
  model: string;
  request: Task['request'];
  /** By field; `hash` is the SHA-256 of the bytes. */
  images: Readonly<Record<string, { hash: string; bytes: Buffer }>>;
  wish: Wish;
  /** Null: the sandbox chooses one. */
  seed: number | null;
  width: number;
  height: number;
  cost: number;
  /** The endpoint's median duration in ms, before scaling. */
  medianMs: number;
  /** How long the dialect keeps results, in ms before scaling. */
  lifetimeMs: number;
  /** The dialect's own form of an id; absent: a UUID. */
  id?: string;
  /** The dialect keeps a queue of its own: no limit of active tasks, and `retime` tells when each starts and ends. */
  queued?: true;
  fingerprint: string;
  repeats: number;
  luck: string | null;
};

/** Tasks, limits and credits; knows no path, no schema and no status word. */
export type Engine = {
  /** Why a task of this cost may not start now, or null. */
  refusal(owner: string, cost: number): 'credits' | 'limit' | null;
  /** Makes the task and charges for it. */
  create(task: NewTask): Task;
  /** The owner's task and the number of this look, from 1; null when there is none or it is forgotten. */
  look(owner: string, id: string): { task: Task; look: number } | null;
  /**
   * Stops a task that is not done by the moment `at` (ms since the epoch, now or later), and gives back what it cost when it
   * had not started by then. False when it is done, or will be.
   */
  cancel(task: Task, at: number): boolean;
  /** Settles times of a task anew, whose dialect keeps a queue of its own. */
  retime(task: Task, times: Partial<Pick<Task, 'startedAt' | 'finishedAt' | 'canceledAt'>>): void;
  byDelivery(token: string): Task | null;
  restore(task: Task): void;
  tasks(): Task[];
  credits(owner: string): number;
  setCredits(owner: string, balance: number): void;
  totals(): { tasks: number; looks: number };
  /** How busy each owner is, and was at most since this process started; `limited` counts refusals for too many tasks. */
  owners(): Map<string, { active: number; maxActive: number; limited: number }>;
};

const dayMs = 86_400_000;
/** A finished task is still known for so long after its result has expired. */
const afterlifeMs = 300_000;

function finishOf(wish: Wish, drawnMs: number): number | null {
  if (wish.stuck !== undefined) return null;
  if (wish['ready-at-once'] !== undefined) return 0;
  if (wish.duration !== undefined) return wish.duration * 1000;
  // Input moderation looks at the prompt only, so it answers long before a picture could be done.
  return wish['request-moderated'] === undefined ? drawnMs : drawnMs * 0.1;
}

export function createEngine(settings: Settings, blobs: Blobs): Engine {
  const { seed, timeScale, sigma, now } = settings;
  const tasks = new Map<string, Task>();
  const deliveries = new Map<string, string>();
  const looks = new Map<string, number>();
  const balances = new Map<string, number>();
  /** The active tasks of each owner by their ends; an end in the heap that is not the one in `ends` is void. */
  const active = new Map<string, { heap: Heap<{ at: number; id: string }>; ends: Map<string, number> }>();
  const busy = new Map<string, { maxActive: number; limited: number }>();
  let made = 0;
  let lookedAt = 0;
  let nextSweep = 0;

  const credits = (owner: string): number => balances.get(owner) ?? settings.credits;

  function add(task: Task): void {
    tasks.set(task.id, task);
    deliveries.set(task.delivery, task.id);
    keepActive(task);
    made = Math.max(made, task.number);
  }

  function keepActive(task: Task): void {
    const mine = active.get(task.owner) ?? { heap: createHeap<{ at: number; id: string }>(), ends: new Map() };
    const at = activeUntil(task);
    mine.heap.push({ at, id: task.id });
    mine.ends.set(task.id, at);
    active.set(task.owner, mine);
  }

  function activeCount(owner: string, at: number): number {
    const mine = active.get(owner);
    if (mine === undefined) return 0;
    for (let next = mine.heap.peek(); next !== undefined && next.at <= at; next = mine.heap.peek()) {
      mine.heap.pop();
      if (mine.ends.get(next.id) === next.at) mine.ends.delete(next.id);
    }
    return mine.ends.size;
  }

  function busyOf(owner: string): { maxActive: number; limited: number } {
    const counts = busy.get(owner) ?? { maxActive: 0, limited: 0 };
    busy.set(owner, counts);
    return counts;
  }

  /** Swept on submit, at most once per tenth of a task's lifetime: no timer to own, and memory stays bounded. */
  function sweep(at: number): void {
    if (at < nextSweep) return;
    nextSweep = at + (settings.resultLifetimeMs ?? 600_000) / timeScale / 10;
    for (const task of tasks.values()) {
      if (at < task.forgetAt) continue;
      tasks.delete(task.id);
      deliveries.delete(task.delivery);
      looks.delete(task.id);
    }
    blobs.keepOnly(new Set([...tasks.values()].flatMap((task) => Object.values(task.images))));
  }

  /** In a queue of its dialect's own: nobody knows yet when it starts. */
  function waiting(at: number): Pick<Task, 'startedAt' | 'finishedAt' | 'expiresAt' | 'forgetAt'> {
    const forgetAt = at + dayMs / timeScale;
    return { startedAt: forgetAt, finishedAt: null, expiresAt: null, forgetAt };
  }

  function times(task: NewTask, at: number): Pick<Task, 'startedAt' | 'finishedAt' | 'expiresAt' | 'forgetAt'> {
    const luck = randomFrom(seed, 'duration', task.fingerprint, task.repeats);
    const spanMs = finishOf(task.wish, logNormal(luck, settings.medianMs ?? task.medianMs, sigma));
    if (spanMs === null) {
      return { startedAt: at + 500 / timeScale, finishedAt: null, expiresAt: null, forgetAt: at + dayMs / timeScale };
    }
    const finishedAt = at + spanMs / timeScale;
    const lifetimeMs = settings.resultLifetimeMs ?? task.lifetimeMs;
    const expiresAt = task.wish.expired === undefined ? finishedAt + lifetimeMs / timeScale : finishedAt;
    const forgetAt = finishedAt + (lifetimeMs + afterlifeMs) / timeScale;
    return { startedAt: at + (spanMs * 0.08) / timeScale, finishedAt, expiresAt, forgetAt };
  }

  return {
    refusal(owner, cost) {
      if (credits(owner) < cost) return 'credits';
      if (activeCount(owner, now()) < settings.activeLimit) return null;
      busyOf(owner).limited += 1;
      return 'limit';
    },
    create(given) {
      const at = now();
      sweep(at);
      const number = made + 1;
      const { owner, dialect, model, request, wish, width, height, cost } = given;
      const task: Task = {
        number,
        id: given.id ?? randomUUID(),
        owner,
        dialect,
        model,
        request,
        wish,
        width,
        height,
        cost,
        luck: given.luck,
        images: Object.fromEntries(Object.entries(given.images).map(([field, { hash }]) => [field, hash])),
        seed: given.seed ?? Math.floor(randomFrom(seed, 'seed', number)() * 2 ** 32),
        submittedAt: at,
        ...(given.queued ? waiting(at) : times(given, at)),
        canceledAt: null,
        delivery: randomBytes(24).toString('base64url'),
      };
      for (const { hash, bytes } of Object.values(given.images)) blobs.put(hash, bytes);
      add(task);
      const counts = busyOf(owner);
      counts.maxActive = Math.max(counts.maxActive, activeCount(owner, at));
      balances.set(owner, credits(owner) - cost);
      return task;
    },
    look(owner, id) {
      lookedAt += 1;
      const task = tasks.get(id);
      if (task === undefined || task.owner !== owner || phaseOf(task, now()) === 'forgotten') return null;
      const look = (looks.get(id) ?? 0) + 1;
      looks.set(id, look);
      return { task, look };
    },
    cancel(task, at) {
      if (phaseOf(task, now()) === 'forgotten' || (task.finishedAt ?? Infinity) <= Math.max(at, now())) return false;
      Object.assign(task, cancelAt(at));
      keepActive(task);
      if (at < task.startedAt) balances.set(task.owner, credits(task.owner) + task.cost);
      return true;
    },
    retime(task, moments) {
      Object.assign(task, moments);
      keepActive(task);
    },
    byDelivery(token) {
      const task = tasks.get(deliveries.get(token) ?? '');
      return task === undefined || phaseOf(task, now()) !== 'done' ? null : task;
    },
    restore(task) {
      add(task);
      // How often it was looked at before the restart is not known; its first looks are over.
      looks.set(task.id, 1_000_000);
    },
    tasks: () => [...tasks.values()],
    credits,
    setCredits(owner, balance) {
      balances.set(owner, balance);
    },
    totals: () => ({ tasks: made, looks: lookedAt }),
    owners() {
      const at = now();
      return new Map([...busy].map(([owner, counts]) => [owner, { active: activeCount(owner, at), ...counts }]));
    },
  };
}
