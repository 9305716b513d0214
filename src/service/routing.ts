import type { Viewer } from '../domain/ports.js';
import type { Standings } from '../domain/standings.js';
import { defaultPolicy, type RoutingPolicy } from '../domain/rank.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import type { Catalogue } from '../domain/route.js';
import { DarkroomError } from '../errors.js';
import type { StandingWatch } from './standing.js';

export type RoutingService = {
  policyOf(viewer: Viewer): RoutingPolicy;
  /** For the viewer's own project. What is left out is as by default. */
  setPolicy(viewer: Viewer, policy: Partial<RoutingPolicy>): Promise<Checked<RoutingPolicy>>;
  /** A model that seems retired is taken again. For operators. Gives its id. */
  clearRetirement(viewer: Viewer, model: string, account: string | null): Promise<Checked<string>>;
};

/** What projects want of their routes, and what operators know of models. */
export function createRoutingService(parts: {
  standings: Pick<Standings, 'setPolicy' | 'clearRetired'>;
  standing: Pick<StandingWatch, 'policyOf' | 'refresh'>;
  catalogue: Catalogue;
}): RoutingService {
  const { standings, standing, catalogue } = parts;
  return {
    policyOf: ({ projectId }) => standing.policyOf(projectId),
    async setPolicy({ projectId }, { prefer = defaultPolicy.prefer, providers = [] }) {
      const known = [...new Set(catalogue.accounts.map(({ provider }) => provider))];
      const unknown = providers.flatMap((given, n) =>
        known.includes(given) && providers.indexOf(given) === n
          ? []
          : [refusal('INVALID', ['input', 'providers', String(n)], whyNot(given, known), { given })],
      );
      if (unknown.length > 0) return refused(...unknown);
      await standings.setPolicy(projectId, { prefer, providers });
      await standing.refresh();
      return accepted(standing.policyOf(projectId));
    },
    async clearRetirement(viewer, model, account) {
      if (!viewer.operator) {
        throw new DarkroomError('FORBIDDEN', "Only an operator's key may say that a model is not retired.");
      }
      if (!(await standings.clearRetired(account, model))) {
        const message = `Nothing says that ${model} is retired${account === null ? '' : ` at ${account}`}.`;
        return refused(refusal('NOT_FOUND', ['model'], message, { given: model }));
      }
      await standing.refresh();
      return accepted(model);
    },
  };
}

function whyNot(given: string, known: readonly string[]): string {
  return known.includes(given)
    ? `${given} is named twice.`
    : `No account of provider ${given} is configured here; there are: ${known.join(', ')}.`;
}
