import type { ParameterValues } from '../../../src/domain/model.js';
import type { WebhookAccount, WebhookDelivery } from '../../../src/domain/webhook.js';
import type {
  FindOutcome,
  LookOutcome,
  ProbeOutcome,
  Provider,
  ProviderAccount,
  SubmitOutcome,
  SubmitRequest,
  TaskHandle,
} from '../../../src/providers/provider.js';
import type { Timeouts } from '../../../src/providers/transport.js';
import type { Reply, SeenRequest } from '../upstream.js';

/** Something that this provider does not have, and how that is known. */
export type None = { none: string };

export function isNone(value: object): value is None {
  return 'none' in value;
}

/** Members of an outcome that the answer must lead to; others are free. */
export type Gives<Outcome extends { kind: string }> = Pick<Outcome, 'kind'> & Record<string, unknown>;

/** One situation: what the upstream answers, in the order it is asked, and what the adapter makes of it. `home` is its origin. */
export type Case<Outcome extends { kind: string }> = (home: string) => {
  answers: readonly Reply[];
  gives: Gives<Outcome>;
};

/** What can end a task. The image of `ready` must lie where `result.url` says, or come with the answer. */
export type Ends = {
  ready: Case<LookOutcome>;
  moderatedInput: Case<LookOutcome> | None;
  moderatedOutput: Case<LookOutcome> | None;
  failed: Case<LookOutcome>;
  /** Stopped before its end. */
  canceled: Case<LookOutcome> | None;
  /** Ended well, and what it made has been removed. */
  removed: Case<LookOutcome> | None;
};

export type SubmitContract = {
  /** Method and path of the request that costs money, e.g. `POST /v1/flux-dev`. */
  address: string;
  /** What is answered to requests that come before it (uploads). */
  before: readonly Reply[];
  /** Answers that are a success, by what they show. One has to be `plain`. */
  accepted: { plain: Case<SubmitOutcome> } & Record<string, Case<SubmitOutcome>>;
  /** A 2xx that is an error and names no task. */
  error: Case<SubmitOutcome> | None;
  /** A 2xx that names no task and no error: it proves nothing. */
  nameless: Reply;
  /** The body of an HTTP error that says `text`. */
  complaint(text: string): object;
  /** What HTTP statuses mean here, where that is not what `submit-rows.ts` expects of all. */
  statuses: Readonly<Record<number, Gives<SubmitOutcome>>>;
  /** Other answers worth naming, e.g. a client's fault under 500. */
  others: Readonly<Record<string, Case<SubmitOutcome>>>;
};

export type LookContract = {
  /** Method and path of the first request, for the task below. */
  address: string;
  /** A task as the submit's answer names it. */
  task(home: string): TaskHandle;
  /** The same with every address at `origin`. */
  elsewhere(origin: string): TaskHandle;
  /** Whether an address at another listed host is asked, with the key; otherwise always the base URL's own. */
  follows: boolean;
  /** Status words of a task that is not over. */
  running: Readonly<Record<string, Case<LookOutcome>>>;
  /** A status that is in no table. */
  strange: Case<LookOutcome>;
  ends: Ends;
  /** The provider does not know the task. */
  missing: Case<LookOutcome> | None;
  /** A 200 that is an error. */
  error: Case<LookOutcome> | None;
  complaint(text: string): object;
  /** What HTTP statuses mean here, where it is not `unavailable`. */
  statuses: Readonly<Record<number, Gives<LookOutcome>>>;
};

export type ResultContract = {
  /** An address of a finished image. */
  url(home: string): string;
  /** How long it lives, in ms. */
  lifetimeMs: number;
  /** Whether the key goes along at the base URL's own host. It never goes anywhere else. */
  keyAtHome: boolean;
};

export type WebhookContract = {
  /** Finds the webhook's address in the submit. */
  told(submit: SeenRequest): unknown;
  account(home: string): WebhookAccount;
  /** Answers for an adapter that has to fetch keys first; not all need be used. */
  keys: readonly Reply[];
  secret: string;
  /** A delivery about a task, signed with a secret at a time (ms since the epoch). */
  deliver: (about: { taskId: string; secret: string; at: number }) => Pick<WebhookDelivery, 'headers' | 'body'>;
  /** The same without any signature, and whether that passes for a hint on the strength of its address. */
  unsigned: { deliver: (taskId: string) => Pick<WebhookDelivery, 'headers' | 'body'>; passes: boolean };
  /** Whether the signature covers the body. */
  covers: 'body' | None;
  /** How old a delivery may be, in ms. */
  ages: { mostMs: number } | None;
};

export type CancelContract = {
  /** Method and path, for the task of the look. */
  address: string;
  queued: readonly Reply[];
  running: readonly Reply[];
  finished: readonly Reply[];
  /** What the first request must not be answered with; `unavailable` follows. */
  broken: Reply;
};

export type ProbeContract = {
  address: string;
  well: Case<ProbeOutcome>;
  /** Statuses that mean that the key is refused. */
  refused: readonly number[];
};

type ListedModel = { id: string; status: 'ACTIVE' | 'DEPRECATED' | 'RETIRED' };

/** What one provider's file tells the suite. `None` stands wherever the provider has no such thing, with the reason. */
export type Contract = {
  name: string;
  create(options: { timeouts?: Partial<Timeouts>; maxImageBytes?: number }): Provider;
  /** An account with a key, unless the provider has none. */
  account(baseUrl: string): ProviderAccount;
  /** The header that the key goes in, and its value. */
  credential: { header: string; value: string } | None;
  /** A complete request without a webhook, for a model of the provider's. */
  request: SubmitRequest;
  submit: SubmitContract;
  look: LookContract | None;
  /** Outcomes that come with the answer to the submit. */
  atOnce: Ends | None;
  result: ResultContract;
  webhook: WebhookContract | None;
  cancel: CancelContract | None;
  find: { found: Case<FindOutcome>; absent: Case<FindOutcome> } | None;
  probe: ProbeContract;
  /** What `describe` makes of the request: the provider's own words. */
  body: Record<string, unknown>;
  /** How the size of the picture is asked for. */
  size: { parameters: ParameterValues; body: Record<string, unknown> } | None;
  /** Models with a finetune in the catalogue, by what controls them. */
  models: Readonly<Record<'plain' | 'canny' | 'depth', ListedModel | None>>;
};
