import { publicId } from '../domain/ids.js';
import type {
  Replay as ReplayRecord,
  ReplayPair as PairRecord,
  ReplayStatus,
  ReplaySummary as SummaryRecord,
} from '../domain/replay.js';
import { PageInfo, type Connection } from './connection.js';
import { Field, Float, Int, ObjectType } from './decorators.js';
import { ReplayStatusEnum } from './enums.js';
import { Generation } from './generation-types.js';
import { Node } from './node-interface.js';
import { Parameters, parametersNode } from './parameters.js';
import { DateTime, Json, SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Why some generations are not run again.' })
export class ReplayRefusal {
  @Field(() => String, { description: 'One of the codes of a UserError, e.g. NO_ROUTE.' })
  code: string;

  @Field(() => String, { description: 'In words.' })
  message: string;

  @Field(() => Int, { description: 'How many generations it concerns.' })
  count: number;
}

@ObjectType({ description: 'A parameter that was asked for then and that the model does not take as it is.' })
export class ReplayAdjustment {
  @Field(() => String, { description: 'Name of the parameter; it is brought near, or left out.' })
  parameter: string;

  @Field(() => Int, { description: 'How many generations it concerns.' })
  count: number;
}

@ObjectType({ description: 'What a replay comes to: its plan, and what has been done of it.' })
export class ReplaySummary implements SummaryRecord {
  @Field(() => Int, { description: 'Generations that can be run, whether started or not.' })
  runnable: number;

  @Field(() => Int, { description: 'Started so far.' })
  started: number;

  @Field(() => Int, { description: 'Started, ended, and compared where there was something to compare.' })
  ended: number;

  @Field(() => SafeInt, {
    description: 'What the runnable ones cost together by the price list, in micro-USD; unknown prices are left out.',
  })
  estimatedMicros: number;

  @Field(() => Int, { description: 'Runnable ones whose price is not known.' })
  unknownPrices: number;

  @Field(() => Int, { description: 'How many of the runnable ones the limit lets start.' })
  affordable: number;

  @Field(() => [ReplayRefusal], { description: 'Why others are not run, the most frequent first, at most 20.' })
  refused: ReplayRefusal[];

  @Field(() => [ReplayAdjustment], { description: 'What is not sent as it was asked for then.' })
  adjusted: ReplayAdjustment[];

  @Field(() => Float, { nullable: true, description: 'Mean distance of the pairs compared so far, 0 to 1.' })
  meanDistance: number | null;

  @Field(() => Int, { description: 'Pairs that were compared.' })
  compared: number;
}

@ObjectType({
  implements: Node,
  description: 'A sample of history that is run again at another provider: planned first, then started by its id.',
})
export class Replay extends Node {
  readonly __typename = 'Replay';

  /** Not a field: what others are loaded from. */
  record: ReplayRecord;

  @Field(() => ReplayStatusEnum, { description: 'Where it stands.' })
  status: ReplayStatus;

  @Field(() => Json, { description: 'Which generations were chosen from, as it was given.' })
  filter: unknown;

  @Field(() => String, { description: 'The provider.' })
  provider: string;

  @Field(() => String, { nullable: true, description: 'The model that was named.' })
  model: string | null;

  @Field(() => Parameters, { description: 'Parameters instead of those asked for then.' })
  overrides: Parameters;

  @Field(() => SafeInt, { description: 'Decides which generations were chosen, and in which order they are run.' })
  seed: number;

  @Field(() => Int, { description: 'How many were wanted, 1 to 1,000.' })
  sample: number;

  @Field(() => Int, { description: 'How many matched the filter.' })
  matches: number;

  @Field(() => SafeInt, { description: 'The limit that was given, in micro-USD.' })
  costLimitMicros: number;

  @Field(() => SafeInt, { description: 'Prices of all that was started, in micro-USD: never more than the limit.' })
  committedMicros: number;

  @Field(() => DateTime, { description: 'When it was planned.' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was started.' })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When nothing of it was left to do.' })
  finishedAt: Date | null;
}

export function replayNode(record: ReplayRecord): Replay {
  const { status, provider, model, seed, sample, matches, createdAt, startedAt, finishedAt } = record;
  const { ['profileId']: profileId, ['sweepId']: sweepId } = record.filter;
  const filter = {
    ...record.filter,
    profileId: typeof profileId === 'string' ? publicId('FinetuneProfile', profileId) : null,
    sweepId: typeof sweepId === 'string' ? publicId('Sweep', sweepId) : null,
  };
  return {
    __typename: 'Replay',
    id: publicId('Replay', record.id),
    record,
    status,
    filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value != null)),
    provider,
    model,
    overrides: parametersNode(record.overrides),
    seed,
    sample,
    matches,
    costLimitMicros: record.costLimitMicros,
    committedMicros: record.committedMicros,
    createdAt,
    startedAt,
    finishedAt,
  };
}

@ObjectType({ description: 'One generation of a replay, before and after.' })
export class ReplayPair {
  /** Not fields: what others are loaded from. */
  record: PairRecord;
  replay: ReplayRecord;

  @Field(() => Int, { description: 'Its turn, from 0.' })
  place: number;

  @Field(() => SafeInt, { nullable: true, description: 'By the price list, in micro-USD; null: unknown.' })
  priceMicros: number | null;

  @Field(() => [String], {
    description: 'Parameters that were asked for then and that the model does not take as they are.',
  })
  adjusted: string[];

  @Field(() => ReplayRefusal, { nullable: true, description: 'Why it is not run; null when it is.' })
  refusal: ReplayRefusal | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'How different the two pictures look: 0 the same, 1 nothing in common (one minus SSIM, on 256 pixels, mean of the three colours). Null until both are there.',
  })
  distance: number | null;

  @Field(() => DateTime, { nullable: true, description: 'When nothing was left to do for it.' })
  endedAt: Date | null;
}

export function pairNode(replay: ReplayRecord, record: PairRecord): ReplayPair {
  const { place, priceMicros, adjusted, refusalCode, refusalMessage, distance, endedAt } = record;
  const refusal = refusalCode === null ? null : { code: refusalCode, message: refusalMessage ?? '', count: 1 };
  return { record, replay, place, priceMicros, adjusted, refusal, distance, endedAt };
}

@ObjectType({ description: 'One pair in a list.' })
export class ReplayPairEdge {
  @Field(() => ReplayPair, { description: 'The pair.' })
  node: ReplayPair;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of pairs, those with the newest originals first.' })
export class ReplayPairConnection implements Connection<ReplayPair> {
  @Field(() => [ReplayPairEdge], { description: 'The entries with their cursors.' })
  edges: ReplayPairEdge[];

  @Field(() => [ReplayPair], { description: 'The entries.' })
  nodes: ReplayPair[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'One replay in a list.' })
export class ReplayEdge {
  @Field(() => Replay, { description: 'The replay.' })
  node: Replay;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of replays, newest first.' })
export class ReplayConnection implements Connection<Replay> {
  @Field(() => [ReplayEdge], { description: 'The entries with their cursors.' })
  edges: ReplayEdge[];

  @Field(() => [Replay], { description: 'The entries.' })
  nodes: Replay[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'Answer to planReplay.' })
export class PlanReplayPayload {
  @Field(() => Replay, { nullable: true, description: 'The plan, to be started by its id; null when it was refused.' })
  replay: Replay | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to startReplay.' })
export class StartReplayPayload {
  @Field(() => Replay, { nullable: true, description: 'The replay; null when it was refused: then nothing started.' })
  replay: Replay | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to cancelReplay.' })
export class CancelReplayPayload {
  @Field(() => Replay, { nullable: true, description: 'The replay; null when it was refused.' })
  replay: Replay | null;

  @Field(() => Int, { description: 'Generations that were canceled by this call.' })
  canceled: number;

  @Field(() => [Generation], {
    description:
      'Canceled generations that could not be stopped: the provider may be running them, and what they cost is added.',
  })
  stillRunning: Generation[];

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}
