import { z } from 'zod';
import { randomFrom } from '../../src/sandbox/random.js';
import { sleep } from '../../src/time.js';
import type { Api } from './bed.js';

/** Clients that ask for generations, and ask again until they know that each was accepted. */
export type Submitters = {
  /** By the number in the prompt: the ids that came back. More than one is a violation. */
  accepted: ReadonlyMap<number, ReadonlySet<string>>;
  /** One more generation, asked of this API only: each call is one try, until one says that it was accepted. */
  probe(api: Api): () => Promise<boolean>;
  /** Requests that had to be repeated, by what was answered: an error code, or nothing. */
  repeats: ReadonlyMap<string, number>;
  violations: readonly string[];
  /** Resolves when no more are wanted and all that was begun is accepted. */
  readonly finished: Promise<void>;
};

const document = `mutation ($input: GenerateFromPromptInput!) {
  generateFromPrompt(input: $input) { generation { id } userErrors { code message } }
}`;

const answerSchema = z.object({
  data: z
    .object({
      generateFromPrompt: z.object({
        generation: z.object({ id: z.string() }).nullable(),
        userErrors: z.array(z.object({ code: z.string(), message: z.string() })),
      }),
    })
    .nullish(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).default([]),
});

/** How long a client waits for an answer; now and then it leaves at once, as people do. */
const patienceMs = 6_000;
const hastyShare = 0.02;
const giveUpAfterMs = 180_000;

export function promptOf(n: number): string {
  return `chaos ${n}.`;
}

export function startSubmitters(options: {
  count: number;
  apis: readonly Api[];
  authorization: string;
  profileId: string;
  seed: string;
  /** Asked before each new generation; waits until there is room, and says whether one more is wanted. */
  room: () => Promise<boolean>;
}): Submitters {
  const { count, apis, authorization, profileId, seed, room } = options;
  const random = randomFrom(seed, 'submitters');
  const accepted = new Map<number, Set<string>>();
  const violations: string[] = [];
  let begun = 0;
  const repeats = new Map<string, number>();

  function repeat(why: string): void {
    repeats.set(why, (repeats.get(why) ?? 0) + 1);
  }

  async function ask(api: Api, n: number): Promise<string | null> {
    const input = {
      profileId,
      prompt: promptOf(n),
      idempotencyKey: `${seed} ${n}`,
      model: 'bfl/flux-pro-finetuned',
      width: 256,
      height: 256,
    };
    const hasty = random() < hastyShare;
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: document, variables: { input } }),
      signal: AbortSignal.timeout(hasty ? Math.ceil(random() * 20) : patienceMs),
    });
    const answer = answerSchema.parse(await response.json());
    const payload = answer.data?.generateFromPrompt;
    if (payload === undefined) {
      repeat(answer.errors[0]?.extensions.code ?? `status ${response.status}`);
      return null;
    }
    if (payload.generation === null) violations.push(`${promptOf(n)} refused: ${JSON.stringify(payload.userErrors)}`);
    return payload.generation?.id ?? 'refused';
  }

  async function tryOnce(api: Api, n: number): Promise<boolean> {
    const id = await ask(api, n).catch(() => {
      repeat('no answer');
      return null;
    });
    if (id !== null) accepted.set(n, (accepted.get(n) ?? new Set()).add(id));
    return id !== null;
  }

  async function generate(n: number): Promise<void> {
    const until = Date.now() + giveUpAfterMs;
    for (let turn = 0; ; turn += 1) {
      const api = apis[Math.floor(random() * apis.length)];
      if (api === undefined) throw new Error('There is no API to ask.');
      if (await tryOnce(api, n)) return;
      if (Date.now() > until) {
        violations.push(`${promptOf(n)} was not accepted in ${giveUpAfterMs / 1_000} s`);
        return;
      }
      await sleep(Math.min(1_000, 100 * 2 ** Math.min(turn, 4)) * (0.5 + random()));
    }
  }

  async function work(): Promise<void> {
    while (await room()) {
      begun += 1;
      await generate(begun);
    }
  }

  const finished = Promise.all(Array.from({ length: count }, work)).then(() => undefined);
  return {
    accepted,
    probe(api) {
      begun += 1;
      const n = begun;
      return async () => await tryOnce(api, n);
    },
    violations,
    repeats,
    finished,
  };
}
