import { publicId } from '../domain/ids.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import { sketchError, type Percentiles } from '../domain/sketch.js';
import type { UsageFigures, UsageReport } from '../service/usage.js';
import { Field, Float, ID, ObjectType } from './decorators.js';
import { ControlKindEnum, GenerationStatusEnum } from './enums.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({
  description: `Percentiles of a duration in milliseconds, 0 or more. Each is within ${sketchError * 100} % of the true one.`,
})
export class UsageLatency {
  @Field(() => SafeInt, { description: 'Half of them took at most this.' })
  p50: number;

  @Field(() => SafeInt, { description: '95 of 100 took at most this.' })
  p95: number;

  @Field(() => SafeInt, { description: '99 of 100 took at most this.' })
  p99: number;

  @Field(() => SafeInt, { description: 'Over how many generations.' })
  count: number;
}

@ObjectType({ description: 'How many stand where.' })
export class UsageOutcomes {
  @Field(() => SafeInt, { description: 'Not yet at an end.' })
  live: number;

  @Field(() => SafeInt, { description: 'SUCCEEDED.' })
  succeeded: number;

  @Field(() => SafeInt, { description: 'MODERATED, before or after the work.' })
  moderated: number;

  @Field(() => SafeInt, { description: 'Of them those moderated before the work.' })
  moderatedInput: number;

  @Field(() => SafeInt, { description: 'FAILED.' })
  failed: number;

  @Field(() => SafeInt, { description: 'EXPIRED.' })
  expired: number;

  @Field(() => SafeInt, { description: 'CANCELED.' })
  canceled: number;
}

@ObjectType({
  description: 'A sum of money, and over how many generations it is known. Unknown is never counted as 0.',
})
export class UsageCost {
  @Field(() => SafeInt, { nullable: true, description: 'Micro-USD, 0 or more; null where none is known.' })
  micros: number | null;

  @Field(() => SafeInt, { description: 'Generations that the sum is over.' })
  known: number;
}

@ObjectType({ description: 'What a group of generations came to. What it was not grouped by is null.' })
export class UsageRow {
  /** Null where there is none. */
  profileKey: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When its unit of time begins.' })
  start: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When its unit of time ends, exclusive.' })
  end: Date | null;

  @Field(() => ID, { nullable: true, description: 'Id of the profile, also of one that is gone.' })
  profileId: string | null;

  @Field(() => String, { nullable: true, description: 'The model.' })
  model: string | null;

  @Field(() => String, { nullable: true, description: 'The provider.' })
  provider: string | null;

  @Field(() => String, { nullable: true, description: 'The provider account.' })
  account: string | null;

  @Field(() => ControlKindEnum, { nullable: true, description: 'The control kind.' })
  control: ControlKind | null;

  @Field(() => GenerationStatusEnum, { nullable: true, description: 'The status.' })
  status: GenerationStatus | null;

  @Field(() => String, { nullable: true, description: 'The code of the failure.' })
  errorCode: string | null;

  @Field(() => String, { nullable: true, description: 'The tag.' })
  tag: string | null;

  @Field(() => SafeInt, { description: 'Generations accepted, 1 or more.' })
  generations: number;

  @Field(() => UsageOutcomes, { description: 'Where they stand.' })
  outcomes: UsageOutcomes;

  @Field(() => Float, {
    nullable: true,
    description: 'Moderated, of those that ended without being canceled: 0 to 1; null when none has ended.',
  })
  moderationRate: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Failed or expired, of those that ended without being canceled: 0 to 1; null when none has ended.',
  })
  failureRate: number | null;

  @Field(() => UsageLatency, {
    nullable: true,
    description: 'From acceptance until a provider took it; null when none was taken.',
  })
  queueTime: UsageLatency | null;

  @Field(() => UsageLatency, {
    nullable: true,
    description: 'Of those that succeeded, from when a provider took it until its image was kept; null when none has.',
  })
  runTime: UsageLatency | null;

  @Field(() => Float, { description: 'How often a provider was asked about each, in the mean: 0 or more.' })
  looksPerGeneration: number;

  @Field(() => UsageCost, { description: 'By list prices, known before.' })
  costEstimated: UsageCost;

  @Field(() => UsageCost, {
    description: 'As quoted when a provider took it; where it quotes nothing, by the price table at that moment.',
  })
  costQuoted: UsageCost;

  @Field(() => UsageCost, { description: 'As settled in the end; late settlements count where their generation does.' })
  costSettled: UsageCost;

  @Field(() => SafeInt, {
    description: 'Generations that a provider may have taken and of whose settled cost nothing is known (yet).',
  })
  costUnknown: number;

  @Field(() => SafeInt, {
    nullable: true,
    description:
      'Settled cost of all, also of what failed, by images kept, in micro-USD; null where there are no images or no costs. What costUnknown counts is not in it.',
  })
  costPerImageMicros: number | null;

  @Field(() => SafeInt, { description: 'Images kept.' })
  images: number;

  @Field(() => SafeInt, { description: 'Bytes of those of these images that are still kept.' })
  imageBytes: number;
}

@ObjectType({ description: 'How your project used its providers.' })
export class Usage {
  @Field(() => DateTime, {
    description: 'From when on generations are counted: the one asked for, or up to 15 minutes before.',
  })
  from: Date;

  @Field(() => DateTime, { description: 'Until when, exclusive: the one asked for, or up to 15 minutes after.' })
  to: Date;

  @Field(() => String, { description: 'The time zone of its days.' })
  timeZone: string;

  @Field(() => DateTime, { description: 'Whatever happened before is counted; what happened since may not be yet.' })
  asOf: Date;

  @Field(() => Float, { description: 'How far a percentile may be from the true one, as a share of it.' })
  latencyError: number;

  @Field(() => [UsageRow], { description: 'In the order of time, then the largest first; at most 10,000.' })
  rows: UsageRow[];
}

function latencyNode(of: Percentiles | null): UsageLatency | null {
  return of === null ? null : { p50: of.p50Ms, p95: of.p95Ms, p99: of.p99Ms, count: of.count };
}

function costNode(micros: number, known: number): UsageCost {
  return { micros: known === 0 ? null : micros, known };
}

function rowNode(row: UsageFigures): UsageRow {
  const { live, succeeded, moderated, moderatedInput, failed, expired, canceled } = row;
  return {
    ...row,
    profileKey: row.profileId,
    profileId: row.profileId === null ? null : publicId('FinetuneProfile', row.profileId),
    outcomes: { live, succeeded, moderated, moderatedInput, failed, expired, canceled },
    queueTime: latencyNode(row.queueTime),
    runTime: latencyNode(row.runTime),
    costEstimated: costNode(row.estimatedMicros, row.estimatedKnown),
    costQuoted: costNode(row.quotedMicros, row.quotedKnown),
    costSettled: costNode(row.settledMicros, row.settledKnown),
    costUnknown: row.settledUnknown,
  };
}

export function usageNode({ rows, ...report }: UsageReport): Usage {
  return { ...report, latencyError: sketchError, rows: rows.map(rowNode) };
}
