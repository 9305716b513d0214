import { generationErrorCodes, type Generation } from '../domain/generation.js';
import { Field, ObjectType } from './decorators.js';
import { SafeInt } from './scalars.js';

@ObjectType({ description: 'Why a generation or attempt ended badly, or waits.' })
export class GenerationError {
  @Field(() => String, { description: 'One of those in docs/errors.md, e.g. PROVIDER_FAILED.' })
  code: string;

  @Field(() => String, { nullable: true, description: 'In words; may repeat what the provider said.' })
  message: string | null;
}

const meanings: Readonly<Record<string, string>> = generationErrorCodes;

/** An error as it is kept; where nobody said more, in the words of its code. */
export function errorNode(code: string | null, message: string | null): GenerationError | null {
  return code === null ? null : { code, message: message ?? meanings[code] ?? null };
}

@ObjectType({ description: 'Money in micro-USD: 1,000,000 is one US dollar. Null means unknown, never free.' })
export class Cost {
  @Field(() => SafeInt, { nullable: true, description: 'By the price list, when it was accepted.' })
  estimatedMicros: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description:
      'When a provider took it: as the provider quoted, or where it quotes nothing, by the price table at that moment. Over all attempts.',
  })
  quotedMicros: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'What it cost in the end by what the provider said, over all attempts.',
  })
  settledMicros: number | null;
}

@ObjectType({ description: 'How long things took, by the database, in milliseconds.' })
export class Timings {
  @Field(() => SafeInt, { nullable: true, description: 'From acceptance until the provider had it.' })
  queuedMs: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'From there until the end.' })
  runMs: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'From acceptance until the end.' })
  totalMs: number | null;
}

type Part<Name extends keyof Generation> = Partial<Pick<Generation, Name>>;

/** The seed that the provider used, once known; else the one asked for. */
export function seedOf({ resultSeed, parameters }: Part<'resultSeed' | 'parameters'>): number | null {
  return resultSeed ?? (typeof parameters?.seed === 'number' ? parameters.seed : null);
}

export function costOf(record: Part<'costEstimatedMicros' | 'costQuotedMicros' | 'costSettledMicros'>): Cost {
  return {
    estimatedMicros: record.costEstimatedMicros ?? null,
    quotedMicros: record.costQuotedMicros ?? null,
    settledMicros: record.costSettledMicros ?? null,
  };
}

export function timingsOf({
  createdAt,
  startedAt,
  finishedAt,
}: Part<'createdAt' | 'startedAt' | 'finishedAt'>): Timings {
  return {
    queuedMs: between(createdAt, startedAt),
    runMs: between(startedAt, finishedAt),
    totalMs: between(createdAt, finishedAt),
  };
}

function between(from: Date | null | undefined, to: Date | null | undefined): number | null {
  return from == null || to == null ? null : to.getTime() - from.getTime();
}
