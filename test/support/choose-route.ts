import { planRoutes, type PlanRequest } from '../../src/domain/plan.js';
import { defaultPolicy, type RankFacts } from '../../src/domain/rank.js';
import { accepted, refused, type Checked } from '../../src/domain/refusal.js';
import type { Candidate, Catalogue } from '../../src/domain/route.js';

/** All is well, and nothing is preferred. */
export const quietFacts: RankFacts = {
  standing: { pauses: new Map(), retirements: new Map(), health: new Map() },
  policy: defaultPolicy,
  runMsOf: () => null,
  now: new Date('2026-03-01T12:00:00Z'),
};

/** A request for which nothing but its route matters. */
export function planRequest(details: Partial<PlanRequest> = {}): PlanRequest {
  return {
    project: 'demo',
    control: 'NONE',
    provider: null,
    model: null,
    bindings: [],
    profile: { triggerWord: null, defaults: {} },
    asked: {},
    inherited: {},
    strict: false,
    images: new Set(),
    ...details,
  };
}

/** The route that a request takes when all is well. */
export function chooseRoute(catalogue: Catalogue, request: Partial<PlanRequest>): Checked<Candidate> {
  const { taken, refusals } = planRoutes(catalogue, planRequest(request), quietFacts);
  return taken === null ? refused(...refusals) : accepted(taken);
}
