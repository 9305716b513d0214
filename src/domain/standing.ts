/** A provider account that takes no submits. */
export type AccountPause = {
  account: string;
  code: string;
  message: string;
  pausedAt: Date;
  /** When it is asked next whether it is mended; null: never, an operator paused it. */
  probeAt: Date | null;
};

/** A model that its provider was seen to have withdrawn, whatever the catalogue says. */
export type Retirement = {
  account: string;
  /** Id of the model. */
  model: string;
  /** Since when; null while too few refusals say so. */
  since: Date | null;
  /** What the provider said. */
  message: string;
};

/** What the newest attempts of a model at an account came to. What a caller or an account was to blame for does not count. */
export type Health = {
  account: string;
  model: string;
  attempts: number;
  succeeded: number;
  since: Date;
  /** Whether the price table is true. */
  prices: {
    /** Whose settled price is known, and was on the table. */
    settled: number;
    /** Of these, how many were settled at another price. */
    differed: number;
    /** Sum of settled less list prices of those that differed, in micro-USD. */
    differenceMicros: number;
  };
};

/** What last went wrong at an account, by code. */
export type AccountFault = { account: string; code: string; count: number; lastAt: Date };

/** How accounts and models stand at the moment. A few seconds old at most. */
export type Standing = {
  /** By account. */
  pauses: ReadonlyMap<string, AccountPause>;
  /** By `standingKey`. */
  retirements: ReadonlyMap<string, Retirement>;
  /** By `standingKey`. */
  health: ReadonlyMap<string, Health>;
};

export function standingKey(account: string, model: string): string {
  return `${account} ${model}`;
}

/** Since when the model seems retired at the account; null: it does not. */
export function seeminglyRetired(standing: Standing, account: string, model: string): Retirement | null {
  const found = standing.retirements.get(standingKey(account, model));
  return found === undefined || found.since === null ? null : found;
}

/** With fewer attempts than this nothing is concluded. */
const leastAttempts = 10;
/** A model of which fewer than this share succeeds comes after the others. */
const leastShare = 0.5;

/** Whether so much fails lately that others should go first. */
export function isAiling(standing: Standing, account: string, model: string): boolean {
  const health = standing.health.get(standingKey(account, model));
  return health !== undefined && health.attempts >= leastAttempts && health.succeeded < health.attempts * leastShare;
}
