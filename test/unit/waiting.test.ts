import { expect, it } from 'vitest';
import type { Generation } from '../../src/domain/generation.js';
import { generationStatuses, isTerminal } from '../../src/domain/lifecycle.js';
import { queueForecast, waitingOf, type Waiting, type WaitingFacts } from '../../src/domain/waiting.js';
import { makeGeneration } from './fakes.js';

const now = new Date('2026-03-01T12:00:00Z');
/** Every task takes from 10 to 30 s, evenly. */
const forecast = {
  quantile: (p: number) => 10_000 + 20_000 * p,
  remaining: (ageMs: number, p: number) => Math.max(0, 10_000 - ageMs) + (30_000 - Math.max(10_000, ageMs)) * p,
};
const facts: WaitingFacts = {
  now,
  account: { id: 'bfl', provider: 'bfl', sandbox: false, limit: 10, projects: null },
  pause: null,
  place: { position: 1, running: 0 },
  forecast,
};

function waits(details: Partial<Generation>, more: Partial<WaitingFacts> = {}): Waiting | null {
  return waitingOf(makeGeneration(details), { ...facts, ...more });
}

/** The interval in seconds from now. */
function etaOf(waiting: Waiting | null): [number, number] | null {
  if (waiting?.eta == null) return null;
  const seconds = (at: Date): number => Math.round((at.getTime() - now.getTime()) / 1_000);
  return [seconds(waiting.eta.earliest), seconds(waiting.eta.latest)];
}

it('waits for nothing once it has ended, and for something before', () => {
  for (const status of generationStatuses) expect(waits({ status }) === null).toBe(isTerminal(status));
});

it('names what a queued one waits for, the most lasting reason first', () => {
  const pause = { account: 'bfl', code: 'X', message: 'No credits.', pausedAt: now, probeAt: null };
  const nextAttemptAt = new Date(now.getTime() + 5_000);
  expect(waits({ nextAttemptAt }, { account: null, pause })).toMatchObject({ reason: 'ACCOUNT_MISSING', eta: null });
  expect(waits({ nextAttemptAt }, { pause })).toMatchObject({ reason: 'ACCOUNT_PAUSED', message: 'No credits.' });
  expect(waits({ nextAttemptAt })).toMatchObject({ reason: 'BACK_OFF', position: null, eta: null });
  expect(waits({ nextAttemptAt: now })).toMatchObject({ reason: 'SLOT', position: 1 });
});

it('foretells the run alone where a slot is free', () => {
  expect(etaOf(waits({}))).toEqual([12, 30]);
  expect(etaOf(waits({}, { place: { position: 5, running: 5 } }))).toEqual([12, 30]);
});

it('foretells as much in all as for the run alone, where a slot is free', () => {
  const foretold = queueForecast(10, { position: 1, running: 0 }, forecast);
  expect(foretold?.wait).toEqual({ fromMs: 0, toMs: 0 });
  expect(foretold?.total).toEqual(foretold?.run);
});

it('foretells more the longer the queue is, in proportion', () => {
  const middle = (position: number): number => {
    const [from, to] = etaOf(waits({}, { place: { position, running: 10 } })) ?? [Number.NaN, Number.NaN];
    return (from + to) / 2;
  };
  // Ten slots of 20 s end about one every 2 s.
  expect(middle(1_000) - middle(500)).toBeGreaterThan(0.9 * 500 * 2.15);
  expect(middle(1_000) - middle(500)).toBeLessThan(1.1 * 500 * 2.15);
});

it('foretells less the longer it runs, and never the past', () => {
  const startedAt = (ago: number): Date => new Date(now.getTime() - ago);
  expect(etaOf(waits({ status: 'RUNNING', startedAt: startedAt(0) }))).toEqual([12, 30]);
  expect(etaOf(waits({ status: 'RUNNING', startedAt: startedAt(20_000) }))).toEqual([1, 11]);
  expect(etaOf(waits({ status: 'RUNNING', startedAt: startedAt(30_000) }))).toEqual([0, 2]);
});

it('foretells nothing of which nothing is known', () => {
  expect(etaOf(waits({}, { forecast: null }))).toBeNull();
  expect(etaOf(waits({}, { place: null }))).toBeNull();
  expect(etaOf(waits({}, { forecast: { quantile: () => null, remaining: () => null } }))).toBeNull();
  expect(etaOf(waits({ status: 'UNCONFIRMED' }))).toBeNull();
});
