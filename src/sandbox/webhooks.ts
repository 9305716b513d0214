import { Agent, request } from 'undici';
import { createBoundedList } from './bounded.js';
import { createHeap } from './heap.js';
import type { Settings } from './options.js';
import { phaseOf, type Task } from './task.js';

/** `start`, `end` and `double` tell the truth when it is so, `early` tells it too soon, `forged` tells a lie. */
export type WebhookKind = 'start' | 'end' | 'double' | 'early' | 'forged';

/** Where a dialect's task wants its end told, and in which words. `at` in ms since the epoch; `host` is the sandbox's. */
export type Callback = {
  readonly url: string;
  /** Whether the start is told too. */
  readonly start?: boolean;
  /** Waits before the second try and those after it, in ms before scaling, where they are not BFL's. */
  readonly retryAfterMs?: readonly number[];
  message(kind: WebhookKind, at: number, host: string): { headers: Record<string, string>; body: string };
};

/** One try to deliver a webhook. */
export type WebhookEntry = {
  /** Position among all tries, from 1, in the order in which they ended. */
  n: number;
  task: string;
  url: string;
  kind: WebhookKind;
  /** When it was sent, ms since the epoch. */
  at: number;
  /** Number of the try, from 1. */
  try: number;
  /** HTTP status of the answer; null when there was none. */
  status: number | null;
  error: string | null;
  outcome: 'delivered' | 'retry' | 'dropped';
};

export type WebhookTotals = {
  /** Answered with 2xx. */
  sent: number;
  /** Tries that failed, whatever came of the next one. */
  failed: number;
  /** Given up after the last try. */
  dropped: number;
  /** Not yet due, waiting for another try, or on their way. */
  waiting: number;
};

/** Sends what tasks have to tell at their ends: the one owner of all that is still to be delivered. */
export type Webhooks = {
  /** Settles when the task's webhooks are sent; anew after a cancel. A task that wants none costs nothing. */
  plan(task: Task): void;
  start(): void;
  /** Cuts what is on its way; nothing is sent afterwards. */
  stop(): Promise<void>;
  log(): WebhookEntry[];
  totals(): WebhookTotals;
};

/** `end` is when the task was to end as this was planned: a cancel since then makes it void. */
type Due = { at: number; task: Task; kind: WebhookKind; try: number; end: number };

/** Waits before the second, third and fourth try, before scaling (BFL's agent guide, February 2026). */
const usualRetryAfterMs = [1_000, 5_000, 30_000];
const answerWithinMs = 30_000;
/** The receiver is real however the sandbox scales its times, so it is never given less. */
const leastAnswerMs = 2_000;
const mostOnTheirWay = 128;
/** The clock may be moved by a test, so it is looked at again this soon while anything is due at all. */
const lookAgainMs = 100;

/** When each webhook of a task is to be sent; `scale` divides times. A task that never ends tells nothing. */
function planOf(task: Task, scale: number, callback: Callback): Due[] {
  const { wish, startedAt, finishedAt } = task;
  if (finishedAt === null || phaseOf(task, finishedAt) === 'forgotten') return [];
  const due = (kind: WebhookKind, at: number): Due => ({ at, task, kind, try: 1, end: finishedAt });
  const halfway = (startedAt + finishedAt) / 2;
  const plan: Due[] = [];
  if (callback.start === true && startedAt < finishedAt) plan.push(due('start', startedAt));
  if (wish['webhook-forged'] !== undefined) plan.push(due('forged', halfway));
  if (wish['webhook-early'] !== undefined) plan.push(due('early', halfway));
  if (wish['webhook-missing'] !== undefined) return plan;
  const end = finishedAt + ((wish['webhook-late'] ?? 0) * 1000) / scale;
  plan.push(due('end', end));
  if (wish['webhook-doubled'] !== undefined) plan.push(due('double', end));
  return plan;
}

export function createWebhooks(options: {
  settings: Settings;
  callbackOf: (task: Task) => Callback | null;
  /** Address of the sandbox as others see it. */
  url: () => string;
  /** The end of this task needs not be told again, for it was told or given up. */
  onTold: (taskId: string) => void;
}): Webhooks {
  const { settings, callbackOf, url, onTold } = options;
  const { now, timeScale } = settings;
  const withinMs = Math.max(leastAnswerMs, answerWithinMs / timeScale);
  const due = createHeap<Due>();
  const tries = createBoundedList<WebhookEntry>(settings.logLimit);
  const onTheirWay = new Set<Promise<void>>();
  const agent = new Agent({ connections: mostOnTheirWay, connect: { timeout: withinMs } });
  const totals = { sent: 0, failed: 0, dropped: 0 };
  let tried = 0;
  let timer: NodeJS.Timeout | null = null;
  let state: 'waiting' | 'started' | 'stopped' = 'waiting';

  function turn(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (state !== 'started') return;
    while (onTheirWay.size < mostOnTheirWay && (due.peek()?.at ?? Infinity) <= now()) {
      const next = due.pop();
      if (next !== undefined) launch(next);
    }
    const soonest = due.peek();
    // When all places are taken, the next delivery that ends takes another turn.
    if (soonest === undefined || onTheirWay.size >= mostOnTheirWay) return;
    timer = setTimeout(turn, Math.min(lookAgainMs, Math.max(0, soonest.at - now())));
  }

  function launch(next: Due): void {
    const delivery = deliver(next).finally(() => {
      onTheirWay.delete(delivery);
      turn();
    });
    onTheirWay.add(delivery);
  }

  async function deliver(next: Due): Promise<void> {
    const callback = callbackOf(next.task);
    if (callback === null || next.end !== next.task.finishedAt) return;
    const at = now();
    const answer = await post(callback.url, callback.message(next.kind, at, url()));
    if (state === 'stopped') return;
    const good = answer.status !== null && answer.status >= 200 && answer.status < 300;
    const waitMs = (callback.retryAfterMs ?? usualRetryAfterMs)[next.try - 1];
    const outcome = good ? 'delivered' : waitMs === undefined ? 'dropped' : 'retry';
    const { task, kind } = next;
    tries.push({ n: ++tried, task: task.id, url: callback.url, kind, at, try: next.try, ...answer, outcome });
    totals[good ? 'sent' : 'failed'] += 1;
    if (outcome === 'dropped') totals.dropped += 1;
    if (waitMs !== undefined && !good) due.push({ ...next, at: now() + waitMs / timeScale, try: next.try + 1 });
    else if (kind === 'end') onTold(task.id);
  }

  async function post(
    to: string,
    message: { headers: Record<string, string>; body: string },
  ): Promise<{ status: number | null; error: string | null }> {
    try {
      const signal = AbortSignal.timeout(withinMs);
      const answer = await request(to, { method: 'POST', ...message, dispatcher: agent, signal });
      await answer.body.dump({ limit: 65_536 });
      return { status: answer.statusCode, error: null };
    } catch (thrown) {
      return { status: null, error: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }

  return {
    plan(task) {
      const callback = callbackOf(task);
      if (callback === null) return;
      for (const each of planOf(task, timeScale, callback)) due.push(each);
      turn();
    },
    start() {
      state = 'started';
      turn();
    },
    async stop() {
      state = 'stopped';
      turn();
      await agent.destroy();
      await Promise.all(onTheirWay);
    },
    log: () => tries.items(),
    totals: () => ({ ...totals, waiting: due.size + onTheirWay.size }),
  };
}
