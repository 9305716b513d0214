import { keyOf } from '../domain/ids.js';
import { summaryOf, type Replay as ReplayRecord } from '../domain/replay.js';
import type { ReplayRequest } from '../service/replay.js';
import { connectionOf, pageBounds, windowOf, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from './decorators.js';
import { filterOf, GenerationFilter } from './generation.js';
import { Generation, generationNode } from './generation-types.js';
import { GroupProgress, Sheet, sheetNode } from './group.js';
import { askedParameters, Parameters } from './parameters.js';
import {
  CancelReplayPayload,
  pairNode,
  PlanReplayPayload,
  Replay,
  ReplayConnection,
  replayNode,
  ReplayPair,
  ReplayPairConnection,
  ReplaySummary,
  StartReplayPayload,
} from './replay-types.js';
import { SafeInt } from './scalars.js';

@InputType({ description: 'Which part of history to run again, where, and what it may cost.' })
export class PlanReplayInput {
  @Field(() => GenerationFilter, {
    nullable: true,
    description: 'Which generations to choose from, at most 1,000,000. Without a status those that SUCCEEDED.',
  })
  filter?: GenerationFilter | null;

  @Field(() => String, { description: 'The provider to run them at, e.g. replicate.' })
  provider: string;

  @Field(() => String, { nullable: true, description: 'With this model only.' })
  model?: string | null;

  @Field(() => Parameters, { nullable: true, description: 'Parameters instead of those asked for then.' })
  overrides?: Parameters | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Where no seed was asked for, ask for the one that the provider reported.',
  })
  reuseSeed: boolean;

  @Field(() => Int, {
    description: 'How many to run, 1 to 1,000, spread evenly over all that match, from the oldest to the newest.',
  })
  sample: number;

  @Field(() => SafeInt, {
    defaultValue: 0,
    description: '0 or more: another seed chooses another sample; the same one of the same history the same.',
  })
  seed: number;

  @Field(() => Int, {
    defaultValue: -10,
    description: '-100 to 100: below 0 it waits behind what your project asks for meanwhile.',
  })
  priority: number;

  @Field(() => SafeInt, { description: 'Most that may be started, in micro-USD by the price list.' })
  costLimitMicros: number;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Run also what has no known price; it counts as nothing.',
  })
  allowUnknownPrice: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Up to 200 characters: the same key with the same request gives the same plan for 24 hours.',
  })
  idempotencyKey?: string | null;
}

@Resolver(() => Replay)
export class ReplayResolver {
  @Query(() => Replay, { nullable: true, description: 'One replay; null when your project has no such one.' })
  async replay(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the replay.' }) id: string,
  ): Promise<Replay | null> {
    const key = keyOf('Replay', id);
    const [replay] = key === null ? [] : await context.services.replays.find(viewerOf(context).projectId, [key]);
    return replay === undefined ? null : replayNode(replay);
  }

  @Query(() => ReplayConnection, { description: 'The replays of your project, newest first.' })
  async replays(
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
  ): Promise<Connection<Replay>> {
    const window = windowOf(first, after);
    return connectionOf(await context.services.replays.page(viewerOf(context).projectId, window), window, replayNode);
  }

  @Mutation(() => PlanReplayPayload, {
    description:
      'Chooses a sample of history to run again elsewhere, and checks and prices each generation. Nothing is started: startReplay does that.',
  })
  async planReplay(
    @Ctx() context: Context,
    @Arg('input', () => PlanReplayInput, { description: 'The replay.' }) input: PlanReplayInput,
  ): Promise<PlanReplayPayload> {
    const planned = await context.services.replayService.plan(viewerOf(context), replayRequest(input));
    return planned.ok
      ? { replay: replayNode(planned.value), userErrors: [] }
      : { replay: null, userErrors: planned.refusals };
  }

  @Mutation(() => StartReplayPayload, {
    description:
      'Starts what was planned: a few generations at a time, each checked and priced once more. Starting it again changes nothing.',
  })
  async startReplay(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the plan.' }) id: string,
    @Arg('asManyAsAllowed', () => Boolean, {
      defaultValue: false,
      description: 'Where the limit does not let all start, start as many as it does; else that is refused.',
    })
    asManyAsAllowed: boolean,
  ): Promise<StartReplayPayload> {
    const started = await context.services.replayService.start(viewerOf(context), id, { asManyAsAllowed });
    return started.ok
      ? { replay: replayNode(started.value), userErrors: [] }
      : { replay: null, userErrors: started.refusals };
  }

  @Mutation(() => CancelReplayPayload, {
    description: 'Starts nothing more of a replay, and cancels what of it has not ended. Again changes nothing.',
  })
  async cancelReplay(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the replay.' }) id: string,
  ): Promise<CancelReplayPayload> {
    const done = await context.services.replayService.cancel(viewerOf(context), id);
    if (!done.ok) return { replay: null, canceled: 0, stillRunning: [], userErrors: done.refusals };
    const { replay, canceled, stillRunning } = done.value;
    return { replay: replayNode(replay), canceled, stillRunning: stillRunning.map(generationNode), userErrors: [] };
  }

  @Subscription(() => Replay, {
    description:
      'A replay as it is, then again when its progress changed, a few times a second at most; ends when it is over. A slow reader gets the latest only.',
    subscribe: async ({ args, context }: { args: { id: string }; context: Context }) =>
      await context.services.progress.replayChanged(viewerOf(context), args.id),
  })
  replayChanged(
    @Root() record: ReplayRecord,
    @Arg('id', () => ID, { description: 'Id of the replay.' }) _id: string,
  ): Replay {
    return replayNode(record);
  }

  @FieldResolver(() => ReplaySummary, { description: 'Its plan, and what has been done of it.' })
  async summary(@Root() { record }: Replay, @Ctx() { loaders }: Context): Promise<ReplaySummary> {
    return summaryOf(record.costLimitMicros, await loaders.replayPairs.load(record.id));
  }

  @FieldResolver(() => GroupProgress, { description: 'How the new generations stand.' })
  async progress(@Root() { record }: Replay, @Ctx() { loaders }: Context): Promise<GroupProgress> {
    return await loaders.replayTally.load(record.id);
  }

  @FieldResolver(() => ReplayPairConnection, { description: 'Its generations, before and after.' })
  async pairs(
    @Root() { record }: Replay,
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
  ): Promise<Connection<ReplayPair>> {
    const window = windowOf(first, after);
    const pairs = await context.services.replays.pairPage(viewerOf(context).projectId, record.id, window);
    const rows = pairs.map((pair) => ({ id: pair.originalId, pair }));
    return connectionOf(rows, window, ({ pair }) => pairNode(record, pair));
  }
}

function replayRequest(input: PlanReplayInput): ReplayRequest {
  const { provider, reuseSeed, sample, seed, priority, costLimitMicros, allowUnknownPrice } = input;
  return {
    filter: filterOf(input.filter),
    provider,
    model: input.model ?? null,
    overrides: askedParameters(input.overrides ?? {}),
    reuseSeed,
    sample,
    seed,
    priority,
    costLimitMicros,
    allowUnknownPrice,
    idempotencyKey: input.idempotencyKey ?? null,
  };
}

@Resolver(() => ReplayPair)
export class ReplayPairResolver {
  @FieldResolver(() => Generation, { nullable: true, description: 'The generation as it was; null when it is gone.' })
  async original(@Root() { record }: ReplayPair, @Ctx() { loaders }: Context): Promise<Generation | null> {
    const generation = await loaders.generation.load(record.originalId);
    return generation === null ? null : generationNode(generation);
  }

  @FieldResolver(() => Generation, { nullable: true, description: 'The new one; null until it is started.' })
  async rerun(@Root() { record }: ReplayPair, @Ctx() { loaders }: Context): Promise<Generation | null> {
    const generation = record.rerunId === null ? null : await loaders.generation.load(record.rerunId);
    return generation === null ? null : generationNode(generation);
  }

  @FieldResolver(() => Sheet, { description: 'Both pictures side by side, labelled, with their distance.' })
  async sheet(@Root() { replay, record }: ReplayPair, @Ctx() { services }: Context): Promise<Sheet> {
    const sheet = await services.sheets.ofPair(replay, record);
    return sheetNode(sheet, services.publicUrl, `${replay.id}/${replay.token}/${record.originalId}`);
  }
}
