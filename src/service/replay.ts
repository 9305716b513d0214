import { randomBytes } from 'node:crypto';
import { budgetRefusal } from '../domain/budget.js';
import { keyOf, newId } from '../domain/ids.js';
import { parameterNames, type ParameterValues } from '../domain/model.js';
import type { AskedParameters } from '../domain/parameters.js';
import type { GenerationFilter } from '../domain/generation-filter.js';
import type { History, Idempotency, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { summaryOf, type PlannedPair, type Replay, type Replays, type Sampling } from '../domain/replay.js';
import type { Catalogue } from '../domain/route.js';
import { sampleRanks, shuffled } from '../domain/sampling.js';
import { cancelAll, type CanceledGroup } from './cancel-all.js';
import { checkCost } from './cost-limit.js';
import { inputBounds, type Prepare } from './generate.js';
import { checkIdempotencyKey, findKept, requestKeyOf } from './idempotency.js';
import { asRerunRefusal, type RerunRequest } from './rerun.js';
import type { StopService } from './stop.js';

export const replayBounds = {
  sample: 1_000,
  /** Matching generations that are chosen from at most: more would take too long to count. */
  matches: 1_000_000,
} as const;

export type ReplayRequest = {
  filter: GenerationFilter;
  provider: string;
  model: string | null;
  overrides: AskedParameters;
  reuseSeed: boolean;
  sample: number;
  seed: number;
  priority: number;
  costLimitMicros: number;
  allowUnknownPrice: boolean;
  idempotencyKey: string | null;
};

export type CanceledReplay = CanceledGroup & { replay: Replay };

export type ReplayService = {
  /** Chooses the generations and checks each as if it were to be run; nothing is started. */
  plan(viewer: Viewer, request: ReplayRequest): Promise<Checked<Replay>>;
  /** Starting what was started changes nothing. */
  start(viewer: Viewer, id: string, options: { asManyAsAllowed: boolean }): Promise<Checked<Replay>>;
  cancel(viewer: Viewer, id: string): Promise<Checked<CanceledReplay>>;
};

type Parts = {
  replays: Replays;
  sampling: Sampling;
  history: Pick<History, 'generations'>;
  idempotency: Idempotency;
  catalogue: Catalogue;
  rerunRequest: RerunRequest;
  prepare: Prepare;
  stopService: Pick<StopService, 'cancel'>;
  /** Called when a replay has work to do. */
  onStarted: () => void;
};

const root = ['input'];
/** Generations that are checked at once. */
const checkedAtOnce = 10;

export function createReplayService(parts: Parts): ReplayService {
  const { replays, sampling } = parts;

  async function find(projectId: string, key: string): Promise<Replay | null> {
    return (await replays.find(projectId, [key]))[0] ?? null;
  }

  async function findGiven(viewer: Viewer, id: string): Promise<Checked<Replay>> {
    const key = keyOf('Replay', id);
    const replay = key === null ? null : await find(viewer.projectId, key);
    if (replay !== null) return accepted(replay);
    return refused(refusal('NOT_FOUND', ['id'], 'There is no such replay in your project.', { given: id }));
  }

  async function choose(viewer: Viewer, request: ReplayRequest): Promise<Checked<{ ids: string[]; matches: number }>> {
    const { sample, seed } = request;
    const filter = wholeFilter(request);
    const most = replayBounds.matches;
    const matches = await sampling.count(viewer.projectId, filter, most + 1);
    const path = [...root, 'filter'];
    if (matches > most) {
      const message = `More than ${most} generations match; narrow the filter, by time for example.`;
      return refused(refusal('OUT_OF_RANGE', path, message, { maximum: most }));
    }
    const ids = await sampling.atRanks(viewer.projectId, filter, sampleRanks(matches, sample, seed));
    if (ids.length === 0) return refused(refusal('NOT_FOUND', path, 'No generation of your project matches.'));
    return accepted({ ids, matches });
  }

  async function planPair(viewer: Viewer, request: ReplayRequest, originalId: string, place: number) {
    const [original = null] = await parts.history.generations(viewer.projectId, [originalId]);
    const pair: PlannedPair = {
      originalId,
      place,
      priceMicros: null,
      adjusted: [],
      refusalCode: null,
      refusalMessage: null,
    };
    if (original === null) return { ...pair, refusalCode: 'NOT_FOUND', refusalMessage: 'The generation is gone.' };
    const again = await parts.rerunRequest(viewer, original, { ...request, subject: null, onlyRoute: true });
    const prepared = again.ok ? await parts.prepare(viewer, again.value) : again;
    if (prepared.ok) {
      return { ...pair, priceMicros: prepared.value.row.costEstimatedMicros, adjusted: prepared.value.adjusted };
    }
    const [first] = prepared.refusals.map(asRerunRefusal);
    return { ...pair, refusalCode: first?.code ?? 'INVALID', refusalMessage: first?.message ?? '' };
  }

  return {
    async plan(viewer, request) {
      const { idempotencyKey, ...asked } = request;
      const faults = [...checkIdempotencyKey(idempotencyKey), ...checkNumbers(request), ...checkRoute(parts, request)];
      if (faults.length > 0) return refused(...faults);
      const requestKey = requestKeyOf(viewer, idempotencyKey, { replay: asked });
      const findEarlier = async (): Promise<Checked<Replay> | null> => {
        if (requestKey === null) return null;
        const read = async (id: string): Promise<Replay | null> => await find(viewer.projectId, id);
        return await findKept(parts.idempotency, viewer, { ...requestKey, path: root }, read);
      };
      const earlier = await findEarlier();
      if (earlier !== null) return earlier;
      const chosen = await choose(viewer, request);
      if (!chosen.ok) return chosen;
      const { ids, matches } = chosen.value;
      const pairs: PlannedPair[] = [];
      const turns = [...shuffled(ids, request.seed).entries()];
      for (let from = 0; from < turns.length; from += checkedAtOnce) {
        const group = turns.slice(from, from + checkedAtOnce);
        pairs.push(
          ...(await Promise.all(group.map(async ([place, id]) => await planPair(viewer, request, id, place)))),
        );
      }
      const created = await replays.create(
        {
          id: newId(),
          projectId: viewer.projectId,
          filter: wholeFilter(request),
          provider: request.provider,
          model: request.model,
          overrides: givenOf(request.overrides),
          reuseSeed: request.reuseSeed,
          seed: request.seed,
          sample: request.sample,
          matches,
          priority: request.priority,
          costLimitMicros: request.costLimitMicros,
          allowUnknownPrice: request.allowUnknownPrice,
          token: randomBytes(16).toString('base64url'),
        },
        pairs,
        requestKey,
      );
      if (created !== null) return accepted(created);
      const winner = await findEarlier();
      if (winner === null) throw new Error('An idempotency key was taken, and by nobody.');
      return winner;
    },

    async start(viewer, id, { asManyAsAllowed }) {
      const found = await findGiven(viewer, id);
      if (!found.ok) return found;
      const replay = found.value;
      if (replay.status === 'RUNNING' || replay.status === 'FINISHED') return found;
      if (replay.status === 'CANCELED') {
        return refused(refusal('CONFLICT', ['id'], 'It was canceled; plan another one.', { given: id }));
      }
      const summary = summaryOf(replay.costLimitMicros, await replays.pairs(viewer.projectId, [replay.id]));
      if (summary.runnable === 0) {
        return refused(refusal('CONFLICT', ['id'], 'None of its generations can be run there; its plan says why.'));
      }
      const partly = asManyAsAllowed && summary.affordable > 0;
      const tooMuch = checkCost(summary, {
        limitMicros: partly ? Number.MAX_SAFE_INTEGER : replay.costLimitMicros,
        allowUnknownPrice: replay.allowUnknownPrice,
        limitPath: ['id'],
        unknownPath: ['id'],
        what: summary.runnable === 1 ? 'One generation' : `${summary.runnable} generations`,
      });
      if (tooMuch.length > 0) return refused(...tooMuch);
      const short = await replays.start(viewer.projectId, replay.id);
      if (short !== null) return refused(budgetRefusal(short, ['id'], 'All that its limit lets start'));
      parts.onStarted();
      return await findGiven(viewer, id);
    },

    async cancel(viewer, id) {
      const found = await findGiven(viewer, id);
      if (!found.ok) return found;
      // First that nothing more is started, then what was started until then.
      await replays.cancel(viewer.projectId, found.value.id);
      const pairs = await replays.pairs(viewer.projectId, [found.value.id]);
      const open = pairs.flatMap(({ rerunId }) => rerunId ?? []);
      const canceled = await cancelAll(parts, viewer, open);
      const now = await findGiven(viewer, id);
      return now.ok ? accepted({ replay: now.value, ...canceled }) : now;
    },
  };
}

/** Only what succeeded has a picture to compare with, so that is what is meant unless a status is named. */
function wholeFilter({ filter }: ReplayRequest): GenerationFilter {
  return { ...filter, status: filter.status ?? ['SUCCEEDED'] };
}

/** The overrides that were really given. */
function givenOf(values: AskedParameters): ParameterValues {
  return Object.fromEntries(parameterNames.flatMap((name) => (values[name] == null ? [] : [[name, values[name]]])));
}

function checkNumbers(request: ReplayRequest): Refusal[] {
  const { sample, priority, seed, costLimitMicros } = request;
  const bounds = [
    ['sample', sample, 1, replayBounds.sample],
    ['seed', seed, 0, Number.MAX_SAFE_INTEGER],
    ['priority', priority, -inputBounds.priority, inputBounds.priority],
    ['costLimitMicros', costLimitMicros, 0, Number.MAX_SAFE_INTEGER],
  ] as const;
  return bounds.flatMap(([name, given, minimum, maximum]) => {
    if (given >= minimum && given <= maximum) return [];
    const message = `${name} must be from ${minimum} to ${maximum}; ${given} was given.`;
    return [refusal('OUT_OF_RANGE', [...root, name], message, { minimum, maximum, given })];
  });
}

/** A route that no generation could take is told at once, and not once for each. */
function checkRoute({ catalogue }: Pick<Parts, 'catalogue'>, { provider, model }: ReplayRequest): Refusal[] {
  if (catalogue.accounts.every((account) => account.provider !== provider)) {
    const known = [...new Set(catalogue.accounts.map((account) => account.provider))].join(', ');
    const message = `No account of provider ${provider} is configured here; there are: ${known}.`;
    return [refusal('NO_ROUTE', [...root, 'provider'], message, { given: provider })];
  }
  const models = catalogue.models.filter((each) => each.provider === provider);
  if (model === null || models.some((each) => each.id === model || each.name === model)) return [];
  const message = `${provider} has no such model here; the models query lists them all.`;
  return [refusal('NO_ROUTE', [...root, 'model'], message, { given: model })];
}
