import { generationMove } from '../domain/change.js';
import { nextRoute } from '../domain/fallback.js';
import type { RouteReason } from '../domain/planned-route.js';
import type { Generation } from '../domain/generation.js';
import { seeminglyRetired, type Standing } from '../domain/standing.js';
import type { PollerParts } from './parts.js';

/** So many at once; the rest waits for the next run. */
const movedAtOnce = 500;
/** When nothing has changed, all who wait are looked through again only after so long. */
const againAfterMs = 60_000;

type Parts = Pick<PollerParts, 'worklist' | 'change' | 'standing' | 'logger' | 'settings'>;
type Closed = { accounts: string[]; models: { account: string; model: string }[] };

/**
 * Moves generations that wait for a paused account, or for a model that seems retired, to another of their routes that is open.
 * A pause has to last beyond its first probe, so that nobody moves for a hiccup. Whoever has no other route waits. The list is
 * walked through in parts, and then left alone until the state of an account or model changes.
 */
export function createReroute(parts: Parts): () => Promise<void> {
  let walked = { signature: '', at: Number.NEGATIVE_INFINITY };
  let after: string | null = null;

  return async () => {
    const standing = parts.standing.now();
    const closed = closedIn(standing, parts.settings.firstProbeMs);
    const signature = signatureOf(closed, standing);
    if (closed.accounts.length + closed.models.length === 0) return;
    if (signature === walked.signature && performance.now() - walked.at < againAfterMs && after === null) return;
    if (signature !== walked.signature) {
      walked = { signature, at: performance.now() };
      after = null;
    }
    const waiting = await parts.worklist.stranded({ ...closed, after, limit: movedAtOnce });
    await Promise.all(waiting.map(async (generation) => await move(parts, generation, standing)));
    after = waiting.length < movedAtOnce ? null : (waiting.at(-1)?.id ?? null);
    if (after === null) walked = { signature, at: performance.now() };
  };
}

/** Changes whenever something is closed or opened; a pause that is over and comes again is another one. */
function signatureOf(closed: Closed, standing: Standing): string {
  const pauses = [...standing.pauses.values()].map(({ account, pausedAt }) => [account, pausedAt]);
  const retirements = [...standing.retirements.values()].map(({ account, model, since }) => [account, model, since]);
  return JSON.stringify([closed, pauses, retirements]);
}

function closedIn(standing: Standing, graceMs: number): Closed {
  const since = Date.now() - graceMs;
  return {
    accounts: [...standing.pauses.values()]
      .filter(({ pausedAt }) => pausedAt.getTime() < since)
      .map(({ account }) => account),
    models: [...standing.retirements.values()]
      .filter((retirement) => retirement.since !== null)
      .map(({ account, model }) => ({ account, model })),
  };
}

async function move(parts: Parts, generation: Generation, standing: Standing): Promise<void> {
  const { account, model, id: generationId, version } = generation;
  const route = nextRoute(
    generation,
    { forGood: false, sameAccount: !standing.pauses.has(account), reason: reasonOf(standing, account, model) },
    standing,
  );
  if (route === null) return;
  const errorMessage = `${generation.model} at ${account}: ${reasonOf(standing, account, model).message}`;
  const { generationChanged } = await parts.change({
    generationId,
    attempt: null,
    generation: generationMove('QUEUED', {
      from: ['QUEUED'],
      version,
      route,
      errorCode: 'ROUTE_CHANGED',
      errorMessage,
    }),
  });
  if (!generationChanged) return;
  const { model: to, account: at } = route;
  parts.logger.info(
    { generation: generationId, from: account, model: to, account: at },
    'A generation goes on elsewhere',
  );
}

function reasonOf(standing: Standing, account: string, model: string): RouteReason {
  const retirement = seeminglyRetired(standing, account, model);
  if (retirement !== null) return { code: 'SEEMINGLY_RETIRED', message: retirement.message };
  return { code: 'ACCOUNT_PAUSED', message: standing.pauses.get(account)?.message ?? 'The account is paused.' };
}
