import { hostname } from 'node:os';
import type { ChangeResult, LedgerChange } from '../domain/change.js';
import { attemptKey, newId } from '../domain/ids.js';
import type { AttemptRef } from '../domain/ports.js';
import { asError } from '../errors.js';
import { createTicker, sleep } from '../time.js';
import { createAbortGroup } from './abort-group.js';
import { createBreaker } from './breaker.js';
import { driveAttempt } from './drive.js';
import { answerCalls } from './calls.js';
import { createFinds } from './finds.js';
import { createHintDesk } from './hints.js';
import type { Driver, PollerParts } from './parts.js';
import { probeAccounts } from './probe.js';
import { createProgressBoard } from './progress.js';
import { createReroute } from './reroute.js';
import { createSaver } from './saver.js';
import { createStops } from './stops.js';
import { sweep } from './sweep.js';

/** The lease: renewed so often, dead after so long. A takeover thus comes within 20 s of a death. */
const renewEveryMs = 5_000;
const deadAfterMs = 15_000;
const admitEveryMs = 250;
const sweepEveryMs = 1_000;
/** Webhooks that another process received are seen after so long at most. */
const hintsEveryMs = 100;
/** Whether an account is due for a probe is looked up so often. */
const probeEveryMs = 1_000;
/** Tasks to stop, and lost answers to find, are looked up so often. */
const askEveryMs = 500;
/** Questions of API processes to providers are seen after so long at most. */
const callsEveryMs = 200;
/** What looks showed of running tasks is written after so long at most. */
const progressEveryMs = 250;
/** Admitted at once per account; a full batch is followed by the next at once. */
const admittedAtOnce = 100;

export type Poller = {
  /** With `alone` no other process can be alive on this database: what an earlier one left is taken over at once. */
  start(options: { alone: boolean }): Promise<void>;
  /** Something may be waiting: look now. */
  poke(): void;
  /** Admits nothing more, lets submits and saves in flight finish, gives the rest to the others. */
  stop(): Promise<void>;
  /** Bytes of pictures that are held until the image store takes them. */
  heldBytes(): number;
  /** Attempts that this process is busy with. */
  inHand(): number;
};

/**
 * The background poller of one process. It holds one lease, and every attempt names the instance that looks after it. A
 * process that was paused until its lease was taken away finds itself fenced: what it then changes as owner matches no row.
 * What it alone can know, the answer to its own submit, is still taken.
 */
export function createPoller(outer: PollerParts): Poller {
  const { worklist, accounts, logger, settings } = outer;
  const parts: PollerParts = { ...outer, change: async (change) => await persist(change) };
  const served = accounts.map(({ account }) => account.id);
  const stopping = new AbortController();
  const forced = new AbortController();
  let instanceId = newId();
  /** Ends the watching of whatever this lease covers. */
  let watching = createAbortGroup();
  /** Every attempt that this process is busy with. */
  const inHand = new Map<string, Promise<void>>();

  const desk = createHintDesk(parts);

  const progress = createProgressBoard(outer);

  const driver: Driver = {
    progress,
    instanceId: () => instanceId,
    desk,
    get watching() {
      return watching;
    },
    saver: createSaver({ signal: forced.signal, logger, limits: settings.saving ?? {} }),
    breaker: createBreaker({
      pauses: outer.pauses,
      firstProbeMs: settings.firstProbeMs,
      paused: (account) => outer.standing.now().pauses.has(account),
      onPaused: outer.standing.refresh,
      logger,
    }),
    forced: forced.signal,
  };

  const admission = createTicker({ everyMs: admitEveryMs, run: admitAll, onError: report('Admission') });
  const renewal = createTicker({ everyMs: renewEveryMs, run: renewLease, onError: report('The lease') });
  // Apart from the renewal: going on with thousands of attempts may take longer than a lease lasts.
  const takeovers = createTicker({ everyMs: renewEveryMs, run: takeOver, onError: report('The takeover') });
  // With the plain change: one that fails must not hold up the others, and the next sweep repeats it.
  const sweeping = createTicker({
    everyMs: sweepEveryMs,
    run: async () => await sweep(outer),
    onError: report('The sweep'),
  });

  // Likewise.
  const rerouting = createTicker({
    everyMs: sweepEveryMs,
    run: createReroute(outer),
    onError: report('Moving to other routes'),
  });

  const hinting = createTicker({
    everyMs: hintsEveryMs,
    run: async () => await desk.collect(instanceId, (ref) => take(ref, false)),
    onError: report('Webhooks'),
  });
  const stops = createStops(parts, desk);
  const finds = createFinds(parts);
  const asking = createTicker({
    everyMs: askEveryMs,
    async run() {
      await stops.run(instanceId, stopping.signal);
      await finds.run(instanceId, stopping.signal, (ref) => take(ref, false));
    },
    onError: report('Asking providers about single tasks'),
  });
  const calling = createTicker({
    everyMs: callsEveryMs,
    run: async () => await answerCalls(parts, stopping.signal),
    onError: report('Questions to providers'),
  });
  const noting = createTicker({
    everyMs: progressEveryMs,
    run: async () => await progress.write(),
    onError: report('Writing progress'),
  });
  const probing = createTicker({
    everyMs: probeEveryMs,
    async run() {
      if (!(await probeAccounts(outer, stopping.signal)).resumed) return;
      await outer.standing.refresh();
      admission.poke();
    },
    onError: report('Probing'),
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

  function take(ref: AttemptRef, admitted: boolean): void {
    const key = attemptKey(ref);
    if (inHand.has(key)) return;
    const work = driveAttempt(parts, driver, ref, admitted).finally(() => inHand.delete(key));
    inHand.set(key, work);
  }

  async function admitAll(): Promise<void> {
    for (const { account } of accounts) {
      const { id, limit } = account;
      const refs = await worklist.admit({ account: id, instanceId, limit, atMost: admittedAtOnce });
      for (const ref of refs) take(ref, true);
      if (refs.length === admittedAtOnce) admission.poke();
    }
  }

  async function renewLease(): Promise<void> {
    if (!(await worklist.renew(instanceId))) await newLease();
  }

  async function takeOver(): Promise<void> {
    const orphans = await worklist.takeOver({ instanceId, accounts: served, deadAfterMs });
    if (orphans.length > 0) logger.info({ attempts: orphans.length }, 'Took over what a dead instance looked after');
    // Also what is ours although we do not know of it: the answer to an admission or a takeover may have been lost.
    for (const ref of [...orphans, ...(await worklist.owned(instanceId))]) take(ref, false);
  }

  /** Others may have taken over everything: drop it, and begin again under a new name. */
  async function newLease(): Promise<void> {
    logger.warn({ instance: instanceId }, 'The lease was taken away; starting anew');
    const id = newId();
    await worklist.register({ id, host: hostname(), pid: process.pid });
    watching.abort();
    watching = createAbortGroup();
    instanceId = id;
  }

  return {
    async start({ alone }) {
      await worklist.register({ id: instanceId, host: hostname(), pid: process.pid });
      // Before the first sweep: what is to be saved has an owner then, who decides what becomes of it.
      const dead = alone ? null : deadAfterMs;
      for (const ref of await worklist.takeOver({ instanceId, accounts: served, deadAfterMs: dead })) take(ref, false);
      renewal.start();
      takeovers.start();
      admission.start();
      sweeping.start();
      rerouting.start();
      probing.start();
      asking.start();
      calling.start();
      noting.start();
      if (accounts.some(({ webhookUrl }) => webhookUrl !== null)) hinting.start();
    },
    poke: () => admission.poke(),
    heldBytes: () => driver.saver.heldBytes(),
    inHand: () => inHand.size,
    async stop() {
      // Whatever waits for a database or a provider that does not answer is cut off after this.
      const force = setTimeout(() => forced.abort(), settings.drainMs);
      stopping.abort();
      watching.abort();
      const tickers = [admission, sweeping, rerouting, probing, asking, calling, noting, hinting, takeovers];
      await Promise.all(tickers.map(async (ticker) => await ticker.stop()));
      while (inHand.size > 0) await Promise.all(inHand.values());
      clearTimeout(force);
      forced.abort();
      await renewal.stop();
      await worklist.release(instanceId);
    },
  };
}
