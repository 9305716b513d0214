import type { GenerateFromCannyMutation, GenerationViewFragment } from '../generated/graphql.js';
import { seconds } from './progress.js';

type UserError = GenerateFromCannyMutation['generateFromCanny']['userErrors'][number];
type Cost = GenerationViewFragment['cost'];

/** Micro-USD in words: what it cost if that is known, else what was quoted, else what the price list says. */
export function money({ settledMicros, quotedMicros, estimatedMicros }: Cost): string {
  const dollars = (micros: number): string => `$${(micros / 1_000_000).toFixed(4)}`;
  if (settledMicros !== null) return dollars(settledMicros);
  if (quotedMicros !== null) return `${dollars(quotedMicros)} (quoted)`;
  return estimatedMicros === null ? 'unknown' : `${dollars(estimatedMicros)} (estimated)`;
}

/** The lines about a picture that was made. */
export function success(generation: GenerationViewFragment, file: string): string {
  const [image] = generation.images;
  const { timings, cost, attempts } = generation;
  const pretended = attempts.some(({ account }) => account === 'sandbox') ? ', pretended: this is the sandbox' : '';
  const parts = [
    timings.queuedMs === null ? null : `${seconds(timings.queuedMs)} waiting`,
    timings.runMs === null ? null : `${seconds(timings.runMs)} at the provider and saving`,
  ].filter((part) => part !== null);
  const rows: (readonly [string, string])[] = [
    [
      'Picture',
      `${file}${image === undefined ? '' : ` (${image.width} x ${image.height}, ${Math.ceil(image.bytes / 1024)} KiB)`}`,
    ],
    ['Address', image?.url ?? 'unknown'],
    ['Prompt', generation.promptSent],
    ['Seed', `${generation.seed ?? 'unknown'}`],
    ['Model', generation.model?.id ?? 'unknown'],
    [
      'Time',
      `${timings.totalMs === null ? 'unknown' : seconds(timings.totalMs)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`,
    ],
    ['Cost', `${money(cost)}${pretended}`],
    ['Id', generation.id],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(8)} ${value}`).join('\n');
}

/** Why there is no picture. */
export function failure(generation: GenerationViewFragment): string {
  const { status, moderationStage, error, id, cost } = generation;
  const reason = [error?.code, error?.message].filter((part) => part !== null && part !== undefined).join(': ');
  const lines = [`${sentence(status, moderationStage)}${reason === '' ? '' : `\n  Reason   ${reason}`}`];
  lines.push(`  Cost     ${money(cost)}`, `  Id       ${id}`);
  return lines.join('\n');
}

function sentence(status: GenerationViewFragment['status'], stage: GenerationViewFragment['moderationStage']): string {
  if (status === 'MODERATED') {
    return stage === 'INPUT'
      ? 'MODERATED: the provider refused the prompt or the control image before the work.'
      : 'MODERATED: the picture was made, and the provider withheld it.';
  }
  if (status === 'EXPIRED') return 'EXPIRED: the picture was made, and gone before it could be saved.';
  if (status === 'CANCELED') return 'CANCELED: somebody stopped it.';
  return `${status}: there is no picture.`;
}

/** Everything that was wrong with the input, a line each. */
export function refusal(userErrors: readonly UserError[]): string {
  const lines = userErrors.map(({ path, code, message }) => `  - ${path.join('.') || 'input'}: ${message} (${code})`);
  return ['Darkroom refused the input; nothing was written and nothing spent:', ...lines].join('\n');
}
