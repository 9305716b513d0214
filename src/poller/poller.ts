import { hostname } from 'node:os';
import { generationMove, type ChangeResult, type LedgerChange } from '../domain/change.js';
import { newId } from '../domain/ids.js';
import type { AttemptRef, WorkItem } from '../domain/ports.js';
import { asError } from '../errors.js';
import { createTicker, sleep } from '../time.js';
import type { PollerParts } from './parts.js';
import { saveResult } from './save.js';
import { giveBack, submitAttempt } from './submit.js';
import { sweep } from './sweep.js';
import { watchAttempt } from './watch.js';

/** The lease: renewed so often, dead after so long. A takeover thus comes within 20 s of a death. */
const renewEveryMs = 5_000;
const deadAfterMs = 15_000;
const admitEveryMs = 250;
const sweepEveryMs = 1_000;
/** Admitted at once per account; a full batch is followed by the next at once. */
const admittedAtOnce = 100;

export type Poller = {
  /** With `alone` no other process can be alive on this database: what an earlier one left is taken over at once. */
  start(options: { alone: boolean }): Promise<void>;
  /** Something may be waiting: look now. */
  poke(): void;
  /** Admits nothing more, lets submits and saves in flight finish, gives the rest to the others. */
  stop(): Promise<void>;
};

/**
 * The background poller of one process. It holds one lease; every attempt names the instance that looks after it, and
 * every change names it too, so that a paused process whose lease was taken away can do no harm when it wakes up.
 */
export function createPoller(outer: PollerParts): Poller {
  const { worklist, accounts, logger, settings } = outer;
  const parts: PollerParts = { ...outer, change: async (change) => await persist(change) };
  const stopping = new AbortController();
  const forced = new AbortController();
  let instanceId = newId();
  /** Ends the watching of whatever this lease covers. */
  let lease = new AbortController();
  const submitting = new Set<Promise<void>>();
  const saving = new Set<Promise<void>>();
  const watching = new Map<string, Promise<void>>();

  const admission = createTicker({ everyMs: admitEveryMs, run: admitAll, onError: report('Admission') });
  const renewal = createTicker({ everyMs: renewEveryMs, run: renewLease, onError: report('The lease') });
  // Apart from the renewal: going on with thousands of attempts may take longer than a lease lasts.
  const takeovers = createTicker({ everyMs: renewEveryMs, run: takeOver, onError: report('The takeover') });
  const sweeping = createTicker({
    everyMs: sweepEveryMs,
    run: async () => await sweep(parts),
    onError: report('The sweep'),
  });

  function report(what: string): (error: unknown) => void {
    return (error) => logger.error({ err: asError(error) }, `${what} failed; it is tried again`);
  }

  /** The ledger is the only memory: a change is repeated until the database has it or the process ends. */
  async function persist(change: LedgerChange): Promise<ChangeResult> {
    while (true) {
      try {
        return await outer.change(change);
      } catch (error) {
        if (forced.signal.aborted) throw error;
        logger.error({ err: asError(error), generation: change.generationId }, 'A change could not be written; again');
        await sleep(500, forced.signal);
      }
    }
  }

  function track(set: Set<Promise<void>>, work: Promise<void>): void {
    const tracked = work.catch(report('A task')).finally(() => set.delete(tracked));
    set.add(tracked);
  }

  async function admitAll(): Promise<void> {
    for (const served of accounts) {
      const { id, limit } = served.account;
      const refs = await worklist.admit({ account: id, instanceId, limit, atMost: admittedAtOnce });
      for (const ref of refs) {
        track(
          submitting,
          submitAttempt(parts, served, ref, instanceId, forced.signal)
            .catch((error: unknown) => {
              report('A submit')(error);
              return 'resume' as const;
            })
            .then(async (next) => (next === 'nothing' ? undefined : await resume(ref))),
        );
      }
      if (refs.length === admittedAtOnce) admission.poke();
    }
  }

  async function renewLease(): Promise<void> {
    if (!(await worklist.renew(instanceId))) await newLease();
  }

  async function takeOver(): Promise<void> {
    const orphans = await worklist.takeOver(instanceId, deadAfterMs);
    if (orphans.length > 0) logger.info({ attempts: orphans.length }, 'Took over what a dead instance looked after');
    for (const ref of orphans) await resume(ref);
  }

  /** Others may have taken over everything: drop it, and begin again under a new name. */
  async function newLease(): Promise<void> {
    logger.warn({ instance: instanceId }, 'The lease was taken away; starting anew');
    lease.abort();
    lease = new AbortController();
    instanceId = newId();
    await worklist.register({ id: instanceId, host: hostname(), pid: process.pid });
  }

  /** Goes on with an attempt from what the ledger says of it; again and again until that could be read. */
  async function resume(ref: AttemptRef): Promise<void> {
    while (!forced.signal.aborted) {
      try {
        await goOn(ref);
        return;
      } catch (error) {
        report('Going on with an attempt')(error);
        await sleep(1_000, forced.signal);
      }
    }
  }

  async function goOn(ref: AttemptRef): Promise<void> {
    const item = await worklist.load(ref);
    if (item === null || item.attempt.instanceId !== instanceId) return;
    const key = `${ref.generationId} ${ref.n}`;
    switch (item.attempt.state) {
      case 'INTENDED':
        // Committed as SENT before anything leaves, so this one never did.
        await giveBack(parts, ref, instanceId);
        return;
      case 'SENT':
        await parts.change({
          generationId: ref.generationId,
          attempt: null,
          generation: generationMove('UNCONFIRMED', {
            from: ['SUBMITTING'],
            errorCode: 'SUBMIT_UNCONFIRMED',
            errorMessage: 'The process that sent it ended before the answer came.',
          }),
        });
        return;
      case 'ACCEPTED':
        if (!watching.has(key))
          watching.set(
            key,
            watchToEnd(item).finally(() => watching.delete(key)),
          );
        return;
      case 'DONE':
        if (item.generation.status === 'SAVING') save(item, null);
        return;
      case 'LOST':
      case 'REFUSED':
        return;
    }
  }

  async function watchToEnd(item: WorkItem): Promise<void> {
    const served = servedOf(item);
    if (served === null) return;
    const ref = { generationId: item.generation.id, n: item.attempt.n };
    try {
      const signal = AbortSignal.any([stopping.signal, lease.signal]);
      const outcome = await watchAttempt(parts, served, item, signal);
      if (outcome.next === 'save') save(item, outcome.imageUrl);
      // Not at once: this very watch is still on the list that resume looks at.
      if (outcome.next === 'resume') queueMicrotask(() => track(submitting, resume(ref)));
    } catch (error) {
      report('Watching a task')(error);
      track(
        submitting,
        sleep(1_000, forced.signal).then(async () => await resume(ref)),
      );
    }
  }

  function save(item: WorkItem, imageUrl: string | null): void {
    const served = servedOf(item);
    if (served !== null) track(saving, saveResult(parts, served, item, imageUrl, forced.signal));
  }

  function servedOf(item: WorkItem): PollerParts['accounts'][number] | null {
    const served = accounts.find(({ account }) => account.id === item.generation.account) ?? null;
    if (served === null) {
      logger.error({ account: item.generation.account, generation: item.generation.id }, 'No such account here');
    }
    return served;
  }

  return {
    async start({ alone }) {
      await worklist.register({ id: instanceId, host: hostname(), pid: process.pid });
      if (alone) for (const ref of await worklist.takeOver(instanceId, 0)) await resume(ref);
      renewal.start();
      takeovers.start();
      admission.start();
      sweeping.start();
    },
    poke: () => admission.poke(),
    async stop() {
      await Promise.all([admission.stop(), sweeping.stop(), takeovers.stop()]);
      stopping.abort();
      const drained = Promise.all([...submitting, ...saving, ...watching.values()]);
      await Promise.race([drained, sleep(settings.drainMs)]);
      forced.abort();
      await Promise.all([...submitting, ...saving, ...watching.values()]);
      await renewal.stop();
      await worklist.release(instanceId);
    },
  };
}
