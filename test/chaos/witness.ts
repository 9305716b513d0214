import { z } from 'zod';

const listedSchema = z.object({ total: z.int(), newest: z.array(z.object({ prompt: z.string().nullable() })) });
const statsSchema = z.object({
  requests: z.int(),
  submits: z.int(),
  tasks: z.int(),
  looks: z.int(),
  keys: z.record(z.string(), z.object({ maxActive: z.int(), limited: z.int() })),
  promptsAcceptedTwice: listedSchema,
  webhooks: z.object({ sent: z.int(), failed: z.int(), dropped: z.int(), waiting: z.int() }),
});
const entrySchema = z.object({
  n: z.int(),
  at: z.number(),
  path: z.string(),
  submit: z.object({ prompt: z.string().nullable() }).nullable(),
  task: z.string().nullable(),
  status: z.int().nullable(),
  keyLeaked: z.boolean(),
});

/** One submit as the provider saw it; `status` null: it was not answered. */
export type Submit = { at: number; status: number | null; task: string | null };

/** What the provider knows of all this: the witness, for Darkroom's own ledger cannot testify for itself. */
export type Testimony = z.infer<typeof statsSchema> & {
  /** By the number in the prompt, in the order of arrival. */
  byNumber: ReadonlyMap<number, readonly Submit[]>;
  /** When each task was asked about, ms since the epoch. */
  looksAt: ReadonlyMap<string, readonly number[]>;
  keysLeaked: number;
};

const page = 20_000;

export async function hearWitness(sandboxUrl: string): Promise<Testimony> {
  const stats = statsSchema.parse(await (await fetch(`${sandboxUrl}/sandbox/stats`)).json());
  const byNumber = new Map<number, Submit[]>();
  const looksAt = new Map<string, number[]>();
  let keysLeaked = 0;
  let since = 0;
  for (;;) {
    const text = await (await fetch(`${sandboxUrl}/sandbox/log?since=${since}&limit=${page}`)).text();
    const lines = text.split('\n').filter((line) => line !== '');
    for (const line of lines) {
      const { n, at, path, submit, task, status, keyLeaked } = entrySchema.parse(JSON.parse(line));
      since = n;
      const looked = /get_result\?id=(.+)$/.exec(path)?.[1];
      if (looked !== undefined) looksAt.set(looked, [...(looksAt.get(looked) ?? []), at]);
      if (keyLeaked) keysLeaked += 1;
      const number = numberIn(submit?.prompt ?? '');
      if (number !== null) byNumber.set(number, [...(byNumber.get(number) ?? []), { at, status, task }]);
    }
    if (lines.length < page) break;
  }
  return { ...stats, byNumber, looksAt, keysLeaked };
}

/** Prompts reach the provider with a trigger word in front. */
function numberIn(prompt: string): number | null {
  const found = /chaos (\d+)\./.exec(prompt)?.[1];
  return found === undefined ? null : Number(found);
}
