/** Whether the webhooks of one account can be relied on, so that its tasks need no looks meanwhile. */
export type WebhookTrust = {
  /** After each finished task that had asked for a webhook: whether that came before a look had to find the end. */
  record(outcome: { inTime: boolean }): void;
  reliable(): boolean;
};

const remembered = 50;
const needed = 20;
const neededShare = 0.95;

/**
 * Trust is earned: by 95 % of the newest 50 outcomes, of which there must be 20. Two misses in a row end it, and everything
 * before them no longer counts: a tunnel that fell over or a changed address is not outvoted by a good past.
 */
export function createWebhookTrust(): WebhookTrust {
  let outcomes: boolean[] = [];
  return {
    record({ inTime }) {
      if (!inTime && outcomes.at(-1) === false) outcomes = [];
      // The second miss itself still counts: the way back begins with it.
      outcomes.push(inTime);
      if (outcomes.length > remembered) outcomes.shift();
    },
    reliable: () => outcomes.length >= needed && outcomes.filter(Boolean).length >= neededShare * outcomes.length,
  };
}
