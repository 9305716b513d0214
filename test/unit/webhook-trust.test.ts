import { describe, expect, it } from 'vitest';
import { createWebhookTrust, type WebhookTrust } from '../../src/domain/webhook-trust.js';

function record(trust: WebhookTrust, ...outcomes: readonly [times: number, inTime: boolean][]): void {
  for (const [times, inTime] of outcomes) for (let i = 0; i < times; i += 1) trust.record({ inTime });
}

describe('trust in webhooks', () => {
  it('is earned by twenty in time', () => {
    const trust = createWebhookTrust();
    expect(trust.reliable()).toBe(false);
    record(trust, [19, true]);
    expect(trust.reliable()).toBe(false);
    record(trust, [1, true]);
    expect(trust.reliable()).toBe(true);
  });

  it('outlives one miss in twenty, not two', () => {
    const trust = createWebhookTrust();
    record(trust, [19, true], [1, false]);
    expect(trust.reliable()).toBe(true);
    record(trust, [5, true], [1, false]);
    expect(trust.reliable()).toBe(false);
  });

  it('looks at the newest fifty only', () => {
    const trust = createWebhookTrust();
    record(trust, [1, false], [1, true], [1, false], [47, true]);
    expect(trust.reliable()).toBe(true);
    record(trust, [1, false]);
    // One of three has left the fifty.
    expect(trust.reliable()).toBe(true);
    record(trust, [1, true], [1, false]);
    expect(trust.reliable()).toBe(true);
    record(trust, [1, true], [1, false]);
    expect(trust.reliable()).toBe(false);
  });

  it('ends with two misses in a row whatever came before, and must be earned again', () => {
    const trust = createWebhookTrust();
    record(trust, [50, true], [1, false]);
    expect(trust.reliable()).toBe(true);
    record(trust, [1, false]);
    expect(trust.reliable()).toBe(false);
    record(trust, [18, true]);
    expect(trust.reliable()).toBe(false);
    record(trust, [1, true]);
    expect(trust.reliable()).toBe(true);
  });

  it('does not come back while everything is missed', () => {
    const trust = createWebhookTrust();
    record(trust, [50, true], [100, false], [10, true]);
    expect(trust.reliable()).toBe(false);
  });
});
