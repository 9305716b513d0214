import { expect, it } from 'vitest';
import { createWebhookTrust } from '../../src/domain/webhook-trust.js';

function after(...outcomes: boolean[]): boolean {
  const trust = createWebhookTrust();
  for (const outcome of outcomes) trust.record(outcome);
  return trust.reliable();
}

const good = (count: number): boolean[] => Array.from({ length: count }, () => true);

it('trusts nothing that has not proved itself', () => {
  expect(after()).toBe(false);
  expect(after(...good(19))).toBe(false);
  expect(after(...good(20))).toBe(true);
});

it('forgives one in twenty, and no more', () => {
  expect(after(...good(10), false, ...good(9))).toBe(true);
  expect(after(...good(10), false, ...good(4), false, ...good(5))).toBe(false);
});

it('forgets what lies far back', () => {
  expect(after(false, true, false, true, false, ...good(50))).toBe(true);
});

it('ends at the second miss in a row, and has to be earned again', () => {
  expect(after(...good(50), false)).toBe(true);
  expect(after(...good(50), false, false)).toBe(false);
  expect(after(...good(50), false, false, ...good(19))).toBe(false);
  expect(after(...good(50), false, false, ...good(20))).toBe(true);
});
