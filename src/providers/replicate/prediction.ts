import { z } from 'zod';
import { findExplanation, tidy } from '../answer.js';
import { readImageAddress } from '../data-uri.js';
import { saysModerated, stageIn } from '../moderation-text.js';
import type { FinalLook, LookOutcome } from '../provider.js';

type Meaning = 'running' | 'succeeded' | 'failed' | 'canceled' | 'aborted';

/** Replicate's status words (Replicate OpenAPI, 2026; `aborted` since October 2025). */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ['starting', 'running'],
  ['processing', 'running'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
  ['cancelled', 'canceled'],
  ['aborted', 'aborted'],
]);

const time = z
  .string()
  .transform((text) => new Date(text))
  .refine((date) => !Number.isNaN(date.getTime()))
  .nullable()
  .catch(null);
const shape = z.object({
  status: z.string().trim().min(1).optional().catch(undefined),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  data_removed: z.boolean().nullable().catch(null),
  input: z.object({ seed: z.int() }).nullable().catch(null),
  logs: z.string().catch(''),
  metrics: z
    .object({ predict_time: z.number().min(0).max(86_400) })
    .nullable()
    .catch(null),
  started_at: time,
  completed_at: time,
});
type Prediction = z.infer<typeof shape>;

/** What a prediction says of itself; null when it has no status. */
export function readPrediction(answer: Record<string, unknown>, apiKey: string): LookOutcome | null {
  const prediction = shape.parse(answer);
  const { status } = prediction;
  if (status === undefined) return null;
  const meaning = meanings.get(status.toLowerCase());
  switch (meaning) {
    case undefined:
    case 'running':
      return { kind: 'running', word: tidy(status, apiKey, 60), known: meaning !== undefined, progress: null };
    case 'succeeded':
      return readSuccess(prediction);
    case 'failed':
      return readFailure(prediction, apiKey);
    case 'canceled':
      return { kind: 'canceled', message: 'the prediction was canceled' };
    case 'aborted':
      return { kind: 'canceled', message: 'the prediction was aborted before it started' };
  }
}

/** The same where only an end counts. */
export function readEnd(answer: Record<string, unknown>, apiKey: string): FinalLook | null {
  const look = readPrediction(answer, apiKey);
  return look === null || look.kind === 'running' || look.kind === 'notFound' || look.kind === 'unavailable'
    ? null
    : look;
}

/** Whether a prediction was over before somebody asked for its end: its word, or null. */
export function overAs(answer: Record<string, unknown> | null): string | null {
  const { status } = shape.parse(answer ?? {});
  const meaning = meanings.get(status?.toLowerCase() ?? '');
  return meaning === 'succeeded' || meaning === 'failed' ? (status ?? null) : null;
}

/** Input, output and logs are deleted an hour after; what is left says so (Replicate documentation, 2026). */
function readSuccess(prediction: Prediction): LookOutcome {
  const { output, data_removed: removed, input, logs, metrics, started_at, completed_at } = prediction;
  // A model that made nothing has not had it removed.
  if (removed === true || (removed === null && (output ?? null) === null)) {
    return { kind: 'removed', message: 'the provider has removed the output, as it does an hour after the end' };
  }
  const found = readImageAddress(firstAddress(output));
  if (found === null) {
    return { kind: 'failed', message: 'the provider says the prediction succeeded, but gives no URL of an image' };
  }
  const ranMs = (metrics?.predict_time ?? 0) * 1000;
  const startedAt =
    started_at ?? (completed_at !== null && ranMs > 0 ? new Date(completed_at.getTime() - ranMs) : null);
  return {
    kind: 'ready',
    image: found,
    seed: input?.seed ?? seedIn(logs),
    costMicros: null,
    startedAt,
    finishedAt: completed_at,
  };
}

/** A text, or a list of texts, by the model; some wrap them. */
function firstAddress(output: unknown): string {
  const first: unknown = Array.isArray(output) ? output[0] : output;
  return typeof first === 'string' ? first : (z.object({ url: z.string() }).safeParse(first).data?.url ?? '');
}

/** The models of the FLUX family write the seed that they chose into their logs. */
function seedIn(logs: string): number | null {
  const [, digits] = /\bseed: ?(\d{1,16})\b/i.exec(logs) ?? [];
  const seed = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(seed) ? seed : null;
}

/** There is no status for moderation: it is told by the words of a failure (third parties). */
function readFailure({ error }: Prediction, apiKey: string): LookOutcome {
  const explanation = findExplanation({ error });
  if (explanation === null) return { kind: 'failed', message: 'the provider reports a failure and gives no reason' };
  if (!saysModerated(explanation)) return { kind: 'failed', message: tidy(explanation, apiKey) };
  return { kind: 'moderated', stage: stageIn(explanation), reasons: [tidy(explanation, apiKey, 100)] };
}
