import { defaultPolicy } from '../../src/domain/rank.js';
import type { Standing } from '../../src/domain/standing.js';
import type { StandingWatch } from '../../src/service/standing.js';

/** All is well, unless said otherwise. */
export function stands(details: Partial<Standing> = {}): StandingWatch {
  const standing: Standing = { pauses: new Map(), retirements: new Map(), health: new Map(), ...details };
  return {
    start: async () => undefined,
    stop: async () => undefined,
    now: () => standing,
    faults: () => [],
    policyOf: () => defaultPolicy,
    refresh: async () => undefined,
  };
}
