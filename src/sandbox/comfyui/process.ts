import type { Engine } from '../engine.js';
import type { Settings } from '../options.js';
import type { Files } from './files.js';
import { type HistoryEntry, type Item } from './item.js';
import { execute, type Cache, type Execution } from './run.js';
import type { Sockets } from './sockets.js';

/**
 * What ComfyUI holds in its memory: the queue, which runs one prompt at a time, the history and the cache. All of it is lost
 * at a restart; files are not.
 *
 *     pending → running → history
 *
 * It lives on the sandbox's clock: `advance` makes happen what is due by now, and whoever looks calls it first. A timer does
 * the same while anything runs, so that sockets hear of it.
 */
export type ComfyProcess = {
  /** Lets everything happen that is due by now. */
  advance(): void;
  put(item: Item): void;
  running(): Item | null;
  /** In no order that means anything, as in ComfyUI: `number` tells who is next. */
  pending(): readonly Item[];
  /** How many prompts are waiting or running. */
  remaining(): number;
  history(): ReadonlyMap<string, HistoryEntry>;
  forget(ids: readonly string[] | 'all'): void;
  /** Takes pending prompts out; they leave no history. False when there was none such. */
  drop(wanted: (item: Item) => boolean): boolean;
  /** Asks what runs to stop, which it does between two steps. False when nothing runs. */
  interrupt(): boolean;
  /** The node that is being executed for a client, or null. */
  nodeFor(clientId: string): string | null;
  freeCache(): void;
  restart(): void;
  stop(): void;
};

/** ComfyUI's own limit. */
const mostHistory = 10_000;
/** The clock may be moved by a test, so it is looked at again this soon while anything runs. */
const [lookAgainMs, unheardMs] = [100, 50];
/** A step that hangs is left so soon after an interrupt, before scaling. */
const hangMs = 200;

type Running = { item: Item; execution: Execution; wakeAt: number; interrupted: boolean; node: string | null };

export function createComfyProcess(options: {
  settings: Settings;
  engine: Engine;
  files: Files;
  sockets: Sockets;
  preview: () => Buffer;
}): ComfyProcess {
  const { settings, engine, files, sockets } = options;
  const { now, timeScale } = settings;
  const old = settings.comfyui === 'old';
  const cache: Cache = new Map();
  const history = new Map<string, HistoryEntry>();
  let pending: Item[] = [];
  let running: Running | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  const remaining = (): number => pending.length + (running === null ? 0 : 1);

  function tellStatus(): void {
    sockets.send('status', { status: { exec_info: { queue_remaining: remaining() } } }, null);
  }

  function settleEnd({ task }: Item, at: number, canceled = false): void {
    const canceledAt = canceled ? at : null;
    // What was taken out before it started keeps a start that lies ahead, as other dialects' tasks do.
    engine.retime(task, {
      startedAt: canceled ? task.startedAt : Math.min(task.startedAt, at),
      finishedAt: at,
      canceledAt,
    });
  }

  function begin(item: Item, at: number): Running {
    engine.retime(item.task, { startedAt: at });
    const mine: Omit<Running, 'execution'> = { item, wakeAt: at, interrupted: false, node: null };
    const execution = execute(item, at, {
      files,
      sockets,
      cache,
      timeScale,
      old,
      preview: options.preview(),
      interrupted: () => mine.interrupted,
      onNode: (node) => (mine.node = node),
    });
    return Object.assign(mine, { execution });
  }

  function finish({ item }: Running, entry: HistoryEntry, at: number): void {
    running = null;
    settleEnd(item, at, entry.status.messages.at(-1)?.[0] === 'execution_interrupted');
    history.delete(item.promptId);
    history.set(item.promptId, entry);
    for (const oldest of history.keys()) {
      if (history.size <= mostHistory) break;
      history.delete(oldest);
    }
    tellStatus();
    if (item.clientId !== null) sockets.send('executing', { node: null, prompt_id: item.promptId }, item.clientId);
  }

  function lose(at: number): void {
    for (const item of [...pending, ...(running === null ? [] : [running.item])]) settleEnd(item, at);
    pending = [];
    running = null;
    history.clear();
    cache.clear();
    files.clearTemp();
    sockets.closeAll();
  }

  function next(): Item | null {
    const first = pending.toSorted((a, b) => a.number - b.number)[0];
    if (first === undefined) return null;
    pending = pending.filter((item) => item !== first);
    return first;
  }

  function advance(): void {
    const until = now();
    // A prompt that waited starts when the one before it ended, however late that is noticed.
    let freeAt: number | null = null;
    while (!stopped) {
      if (running === null) {
        const item = next();
        if (item === null) break;
        running = begin(item, Math.max(freeAt ?? until, item.task.submittedAt));
        tellStatus();
      }
      const { wakeAt } = running;
      if (wakeAt > until) break;
      const step = running.execution.next(wakeAt);
      if (step.done !== true) running.wakeAt = step.value;
      else if (step.value === null) return lose(wakeAt);
      else {
        freeAt = wakeAt;
        finish(running, step.value, wakeAt);
      }
    }
    arm();
  }

  function arm(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (stopped || running === null) return;
    const least = sockets.size > 0 ? 0 : unheardMs;
    timer = setTimeout(advance, Math.min(lookAgainMs, Math.max(least, running.wakeAt - now())));
  }

  function drop(wanted: (item: Item) => boolean): boolean {
    const dropped = pending.filter(wanted);
    if (dropped.length === 0) return false;
    pending = pending.filter((item) => !dropped.includes(item));
    for (const item of dropped) settleEnd(item, now(), true);
    tellStatus();
    return true;
  }

  return {
    advance,
    put(item) {
      pending.push(item);
      tellStatus();
      advance();
    },
    running: () => running?.item ?? null,
    pending: () => pending,
    remaining,
    history: () => history,
    forget(ids) {
      if (ids === 'all') history.clear();
      else for (const id of ids) history.delete(id);
    },
    drop,
    interrupt() {
      if (running === null) return false;
      running.interrupted = true;
      if (running.wakeAt === Infinity) running.wakeAt = now() + hangMs / timeScale;
      arm();
      return true;
    },
    nodeFor: (clientId) => (running?.item.clientId === clientId ? running.node : null),
    freeCache: () => cache.clear(),
    restart() {
      lose(now());
      arm();
    },
    stop() {
      stopped = true;
      arm();
      sockets.closeAll();
    },
  };
}
