import type { Generation } from './generation.js';
import type { AccountPause } from './standing.js';
import type { Account } from './route.js';

/** What a generation that has not ended waits for. */
export const waitingReasons = {
  /** For a slot at the provider; `position` says how many go before. */
  SLOT: 'A slot at the provider.',
  /** The provider account is paused; it goes on by itself when that is over. */
  ACCOUNT_PAUSED: 'The provider account is paused.',
  /** This server has no such account (any more). */
  ACCOUNT_MISSING: 'The provider account is not configured here.',
  /** It was refused for the moment and is tried again at `nextAttemptAt`. */
  BACK_OFF: 'Its next try.',
  /** The request is being sent. */
  SUBMIT: "The provider's answer to the submit.",
  /** The answer never came; evidence, a person or time settles it. */
  EVIDENCE: 'Evidence of what became of the submit.',
  /** The provider is working on it. */
  PROVIDER: 'The provider.',
  /** Finished there; the picture is being fetched and stored. */
  SAVING: 'The picture to be stored.',
} as const;
export type WaitingReason = keyof typeof waitingReasons;

export type Waiting = {
  reason: WaitingReason;
  message: string;
  /** How many are admitted before it, itself included; null unless it waits for a slot. */
  position: number | null;
  /** Between these it should end, four times of five; null where nothing is known yet. */
  eta: { earliest: Date; latest: Date } | null;
};

/** How long a task of its kind runs, as far as learned. Times in ms. */
export type RunForecast = {
  quantile(p: number): number | null;
  remaining(ageMs: number, p: number): number | null;
};

export type WaitingFacts = {
  now: Date;
  account: Account | null;
  pause: AccountPause | null;
  place: { position: number; running: number } | null;
  forecast: RunForecast | null;
};

/** The interval leaves out a tenth at each end. */
const [low, high] = [0.1, 0.9];
/** Standard deviations between the middle of a normal distribution and its tenth. */
const tenth = 1.2816;
/** What looking, fetching and storing add to the provider's own time. */
const handlingMs = 1_500;

/** What it waits for, and until when; null when it has ended. */
export function waitingOf(generation: Generation, facts: WaitingFacts): Waiting | null {
  const reason = reasonOf(generation, facts);
  if (reason === null) return null;
  return {
    reason,
    message: reason === 'ACCOUNT_PAUSED' ? (facts.pause?.message ?? waitingReasons[reason]) : waitingReasons[reason],
    position: reason === 'SLOT' ? (facts.place?.position ?? null) : null,
    eta: etaOf(generation, reason, facts),
  };
}

function reasonOf(generation: Generation, { account, pause, now }: WaitingFacts): WaitingReason | null {
  switch (generation.status) {
    case 'QUEUED':
      if (account === null) return 'ACCOUNT_MISSING';
      if (pause !== null) return 'ACCOUNT_PAUSED';
      return generation.nextAttemptAt !== null && generation.nextAttemptAt > now ? 'BACK_OFF' : 'SLOT';
    case 'SUBMITTING':
      return 'SUBMIT';
    case 'UNCONFIRMED':
      return 'EVIDENCE';
    case 'RUNNING':
      return 'PROVIDER';
    case 'SAVING':
      return 'SAVING';
    case 'SUCCEEDED':
    case 'MODERATED':
    case 'FAILED':
    case 'EXPIRED':
    case 'CANCELED':
      return null;
  }
}

function etaOf(generation: Generation, reason: WaitingReason, facts: WaitingFacts): Waiting['eta'] {
  const { forecast, now } = facts;
  if (forecast === null) return null;
  switch (reason) {
    case 'SLOT':
      return queued(facts, forecast);
    case 'SUBMIT':
      return within(now, forecast.quantile(low), forecast.quantile(high));
    case 'PROVIDER': {
      const age = now.getTime() - (generation.startedAt ?? now).getTime();
      return within(now, forecast.remaining(age, low), forecast.remaining(age, high));
    }
    case 'SAVING':
      return within(now, 0, 0);
    case 'ACCOUNT_PAUSED':
    case 'ACCOUNT_MISSING':
    case 'BACK_OFF':
    case 'EVIDENCE':
      return null;
  }
}

function within(now: Date, fromMs: number | null, toMs: number | null): Waiting['eta'] {
  if (fromMs === null || toMs === null) return null;
  return between(now, { fromMs, toMs: toMs + handlingMs });
}

function between(now: Date, { fromMs, toMs }: Span): Waiting['eta'] {
  return { earliest: new Date(now.getTime() + fromMs), latest: new Date(now.getTime() + toMs) };
}

function queued({ now, account, place }: WaitingFacts, forecast: RunForecast): Waiting['eta'] {
  const total =
    account === null || place === null ? null : (queueForecast(account.limit, place, forecast)?.total ?? null);
  return total === null ? null : between(now, total);
}

/** From tenth to tenth, in ms. */
export type Span = { fromMs: number; toMs: number };

/**
 * How long somebody at this place waits for a slot, runs, and both. So many have to end first as there are places before it
 * beyond the free slots; with all slots busy they end at a rate of slots by run time, about as a Poisson process does. Null
 * while nothing is known of its kind.
 */
export function queueForecast(
  limit: number,
  place: { position: number; running: number },
  forecast: RunForecast,
): { wait: Span; run: Span; total: Span } | null {
  const [early, middle, late] = [forecast.quantile(low), forecast.quantile(0.5), forecast.quantile(high)];
  if (early === null || middle === null || late === null) return null;
  const ends = Math.max(0, place.running + place.position - limit);
  const everyMs = (middle + handlingMs) / limit;
  const waitMs = ends * everyMs;
  const spreadMs = tenth * Math.sqrt(ends) * everyMs;
  const earlier = Math.hypot(middle - early, spreadMs);
  const later = Math.hypot(late - middle, spreadMs);
  return {
    wait: { fromMs: Math.max(0, waitMs - spreadMs), toMs: waitMs + spreadMs },
    run: { fromMs: early, toMs: late + handlingMs },
    total: { fromMs: Math.max(early, waitMs + middle - earlier), toMs: waitMs + middle + later + handlingMs },
  };
}
