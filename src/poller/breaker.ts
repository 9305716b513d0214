import type { Pauses } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { LookOutcome, SubmitOutcome } from '../providers/provider.js';

/**
 * The circuit breaker of each account, in three states: closed (submits go), open (the account is paused, with a probe that
 * costs nothing), and half-open after the probe found it well: the first submit then decides between the two others. Looks go
 * on whatever its state.
 */
export type Breaker = {
  submitted(account: string, outcome: SubmitOutcome): Promise<void>;
  looked(account: string, outcome: LookOutcome): Promise<void>;
};

/** So many failures in a row open it, when they span this time at least, so that one blip of many tasks does not. */
const failuresInRow = 5;
const spanMs = 2_000;
/** Failures with so long between them are not in a row. */
const windowMs = 5 * 60_000;
const longestProbeMs = 10 * 60_000;

type Row = { count: number; firstAt: number; lastAt: number };
/** `openings`: how often in a row it was opened; 0 once a submit was accepted. */
type Circuit = { submits: Row; looks: Row; openings: number };

const none = (): Row => ({ count: 0, firstAt: 0, lastAt: 0 });

export function createBreaker(parts: {
  pauses: Pick<Pauses, 'pause'>;
  firstProbeMs: number;
  /** Whether it is known to be paused, for whatever reason. */
  paused: (account: string) => boolean;
  onPaused: () => Promise<void>;
  logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}): Breaker {
  const { pauses, firstProbeMs, paused, onPaused, logger, now = () => performance.now() } = parts;
  const circuits = new Map<string, Circuit>();

  function circuitOf(account: string): Circuit {
    const circuit = circuits.get(account) ?? { submits: none(), looks: none(), openings: 0 };
    circuits.set(account, circuit);
    return circuit;
  }

  async function failed(account: string, circuit: Circuit, row: Row, message: string): Promise<void> {
    // What was sent before it was paused opens nothing anew.
    if (paused(account)) return;
    const at = now();
    if (row.count === 0 || at - row.lastAt > windowMs) Object.assign(row, { count: 0, firstAt: at });
    row.count += 1;
    row.lastAt = at;
    const half = row === circuit.submits && circuit.openings > 0;
    if (!half && (row.count < failuresInRow || at - row.firstAt < spanMs)) return;
    circuit.openings = half ? circuit.openings + 1 : 1;
    const count = row.count;
    Object.assign(circuit, { submits: none(), looks: none() });
    const probeInMs = Math.min(firstProbeMs * 2 ** (circuit.openings - 1), longestProbeMs);
    const what = half ? 'It failed again when it was tried' : `It failed ${count} times in a row`;
    logger.warn({ account, reason: message }, 'A provider account is paused: it does not answer as it should');
    await pauses
      .pause({ account, code: 'CIRCUIT_OPEN', message: `${what}; last: ${message}`, probeInMs })
      .then(onPaused)
      .catch((error: unknown) => logger.error({ err: asError(error) }, 'An account could not be paused'));
  }

  return {
    async submitted(account, outcome) {
      const circuit = circuitOf(account);
      if (outcome.kind === 'unknown' || (outcome.kind === 'refused' && outcome.code === 'PROVIDER_UNREACHABLE')) {
        return await failed(account, circuit, circuit.submits, outcome.message);
      }
      circuit.submits = none();
      if (outcome.kind === 'accepted') circuit.openings = 0;
    },
    async looked(account, outcome) {
      const circuit = circuitOf(account);
      const down = outcome.kind === 'unavailable' && (outcome.httpStatus === null || outcome.httpStatus >= 500);
      if (down) return await failed(account, circuit, circuit.looks, outcome.message);
      circuit.looks = none();
    },
  };
}
