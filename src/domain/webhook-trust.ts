/** Of the newest so many webhooks nearly all must have come in time, and at least a few must have been asked for. */
const window = 50;
const fewest = 20;
const inTimeShare = 0.95;
/** So many missed in a row end the trust at once. */
const missesInARow = 2;

/** Whether the webhooks of one provider account prove reliable. */
export type WebhookTrust = {
  /** A task that had asked for a webhook is over: did it come about when the task ended? */
  record(inTime: boolean): void;
  /** Whether looks may be held back for them. */
  reliable(): boolean;
};

export function createWebhookTrust(): WebhookTrust {
  let outcomes: boolean[] = [];
  return {
    record(inTime) {
      outcomes.push(inTime);
      outcomes = outcomes.slice(-window);
      // It has to be earned anew: what was good before says nothing now.
      if (outcomes.length >= missesInARow && outcomes.slice(-missesInARow).every((each) => !each)) outcomes = [];
    },
    reliable: () => outcomes.length >= fewest && outcomes.filter(Boolean).length >= inTimeShare * outcomes.length,
  };
}
