import type { WebhookTotals } from './webhooks.js';
import type { Alike } from './witness.js';
import type { World } from './world.js';

type Answer = { n: number; at: number; task: string | null; status: number | null; answered: boolean };

/** Submits that were alike: how many came, how many became tasks, and how the newest of them were answered. */
type Repeated = Pick<Alike, 'fingerprint' | 'prompt' | 'submits' | 'accepted'> & { answers: Answer[] };
type Listed = { total: number; newest: Repeated[] };

/** What the sandbox has seen, in numbers. A test's witness: cheap to read, however much has arrived. */
export type Stats = {
  requests: number;
  submits: number;
  /** Submits that became tasks. */
  tasks: number;
  looks: number;
  /** By masked key; `maxActive` since this process started, `limited` counts submits refused for too many active tasks. */
  keys: Record<string, { active: number; maxActive: number; limited: number }>;
  /** Bodies that came more than once. After an answer that says "not accepted" that is as it should be. */
  duplicates: Listed;
  /** Bodies of which more than one became a task: paid twice. */
  acceptedTwice: Listed;
  /** The same by prompt, whatever else was in the bodies. */
  promptsAcceptedTwice: Listed;
  webhooks: WebhookTotals;
};

const mostListed = 1_000;

function listed(alike: Iterable<Alike>, wanted: (each: Alike) => boolean): Listed {
  const found = [...alike].filter(wanted);
  return { total: found.length, newest: found.slice(-mostListed).map(show) };
}

function show({ fingerprint, prompt, submits, accepted, newest }: Alike): Repeated {
  const answers = newest.map(({ n, at, task, status, answered }) => ({ n, at, task, status, answered }));
  return { fingerprint, prompt, submits, accepted, answers };
}

export function readStats({ witness, engine, webhooks }: Omit<World, 'entryOf'>): Stats {
  return {
    ...witness.totals(),
    ...engine.totals(),
    keys: Object.fromEntries(engine.owners()),
    duplicates: listed(witness.bodies(), ({ submits }) => submits > 1),
    acceptedTwice: listed(witness.bodies(), ({ accepted }) => accepted > 1),
    promptsAcceptedTwice: listed(witness.prompts(), ({ accepted }) => accepted > 1),
    webhooks: webhooks.totals(),
  };
}
