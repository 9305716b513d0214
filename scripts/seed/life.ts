import { priceAt } from '../../src/domain/price.js';
import type { GenerationErrorCode } from '../../src/domain/generation.js';
import type { GenerationStatus, ModerationStage } from '../../src/domain/lifecycle.js';
import type { SeedModel, SeedProfile, SeedProject } from './cast.js';
import type { Chance } from './random.js';

/** What became of one generation. Times in ms since 1970. */
export type Life = {
  project: SeedProject;
  profile: SeedProfile;
  used: SeedModel;
  at: number;
  status: GenerationStatus;
  stage: ModerationStage | null;
  errorCode: GenerationErrorCode | null;
  /** Every status with its moment; `attempt`: by which attempt. */
  changes: { status: GenerationStatus; at: number; attempt: number | null; code: string | null }[];
  attempts: { sentAt: number; acceptedAt: number | null; finishedAt: number; looks: number }[];
  startedAt: number | null;
  finishedAt: number;
  estimatedMicros: number | null;
  settledMicros: number | null;
  seed: number;
};

const failures: readonly GenerationErrorCode[] = [
  'PROVIDER_FAILED',
  'PROVIDER_FAILED',
  'PROVIDER_REFUSED',
  'PROVIDER_LOST',
  'DEADLINE_EXCEEDED',
  'SUBMIT_UNCONFIRMED',
];

/** Lives one generation. `priceChangeAt` is when prices fell; `isBadDay` when the provider had a day of failures. */
export function live(
  {
    projects,
    at,
    priceChangeAt,
    isBadDay,
  }: {
    projects: readonly SeedProject[];
    at: number;
    priceChangeAt: number;
    isBadDay: (provider: string) => boolean;
  },
  chance: Chance,
): Life {
  // Half of all in the first project; in it few profiles and models have most.
  const project = chance.next() < 0.5 || projects.length === 1 ? first(projects) : chance.pick(projects.slice(1));
  const profile = skewed(project.profiles, chance);
  const used = skewed(profile.models, chance);
  const [status, stage, errorCode] = endOf(isBadDay(used.model.provider), chance);
  const life: Life = {
    project,
    profile,
    used,
    at,
    status,
    stage,
    errorCode,
    changes: [{ status: 'QUEUED', at, attempt: null, code: null }],
    attempts: [],
    startedAt: null,
    finishedAt: at,
    estimatedMicros: priceAt(used.model.prices, new Date(at)),
    settledMicros: null,
    seed: chance.below(2 ** 31),
  };
  run(life, chance);
  const paid = status === 'SUCCEEDED' || status === 'EXPIRED';
  if (paid && used.settled !== null) {
    life.settledMicros = at < priceChangeAt ? used.settled.before : used.settled.after;
  }
  return life;
}

function endOf(
  badDay: boolean,
  chance: Chance,
): [GenerationStatus, ModerationStage | null, GenerationErrorCode | null] {
  const dice = chance.next();
  if (dice < (badDay ? 0.3 : 0.03)) return ['FAILED', null, chance.pick(failures)];
  if (dice > 0.995) return ['EXPIRED', null, 'RESULT_EXPIRED'];
  if (dice > 0.97) return ['CANCELED', null, null];
  if (dice > 0.935) return ['MODERATED', dice > 0.955 ? 'INPUT' : 'OUTPUT', null];
  return ['SUCCEEDED', null, null];
}

function run(life: Life, chance: Chance): void {
  const { status, stage, errorCode, used } = life;
  const tell = (to: GenerationStatus, at: number, attempt: number | null, code: string | null = null): void =>
    void life.changes.push({ status: to, at, attempt, code });
  let now = life.at + Math.max(5, chance.logNormal(900, 1.1));
  function end(at: number, attempt: number | null): void {
    life.finishedAt = Math.floor(at);
    tell(status, at, attempt, errorCode);
  }
  if (status === 'CANCELED' && chance.next() < 0.4) return end(now, null);
  if (chance.next() < 0.04) {
    // The provider was busy: once more later.
    tell('SUBMITTING', now, 1);
    life.attempts.push({ sentAt: now, acceptedAt: null, finishedAt: now + 180, looks: 0 });
    tell('QUEUED', now + 180, 1, 'PROVIDER_BUSY');
    now += 2_000 + chance.next() * 4_000;
  }
  const n = life.attempts.length + 1;
  tell('SUBMITTING', now, n);
  const accepted = now + Math.max(20, chance.logNormal(140, 0.4));
  const attempt = { sentAt: now, acceptedAt: accepted, finishedAt: accepted, looks: 0 };
  life.attempts.push(attempt);
  if (stage === 'INPUT' || errorCode === 'PROVIDER_REFUSED') return end(accepted, n);
  life.startedAt = Math.floor(accepted);
  tell('RUNNING', accepted, n);
  const runMs = Math.min(1_500_000, chance.logNormal(used.runMs, used.sigma) * (errorCode === null ? 1 : 2));
  attempt.finishedAt = accepted + runMs;
  attempt.looks = 3 + Math.floor((runMs / 1_000) * (0.5 + chance.next() * 0.3));
  if (status !== 'SUCCEEDED' && status !== 'EXPIRED') return end(attempt.finishedAt, n);
  tell('SAVING', attempt.finishedAt, n);
  end(attempt.finishedAt + Math.max(30, chance.logNormal(350, 0.5)), n);
}

function first<T>(from: readonly T[]): T {
  const [one] = from;
  if (one === undefined) throw new Error('There must be one.');
  return one;
}

/** The first ones much more often than the last. */
function skewed<T>(from: readonly T[], chance: Chance): T {
  return from[Math.floor(from.length * chance.next() ** 1.8)] ?? first(from);
}
