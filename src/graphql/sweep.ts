import { placeOf } from '../domain/grid.js';
import { keyOf } from '../domain/ids.js';
import type { Sweep as SweepRecord } from '../domain/sweep.js';
import { DarkroomError } from '../errors.js';
import { connectionOf, pageBounds, windowOf, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from './decorators.js';
import { Generation, generationNode } from './generation-types.js';
import { GroupProgress, Sheet, sheetNode } from './group.js';
import { Model, modelNode } from './model.js';
import { FinetuneProfile, profileNode } from './profile.js';
import { GenerateSweepInput, sweepRequest } from './sweep-inputs.js';
import {
  axisNodes,
  CancelSweepPayload,
  GenerateSweepPayload,
  PlanSweepPayload,
  Sweep,
  SweepCell,
  SweepConnection,
  sweepNode,
} from './sweep-types.js';

@Resolver(() => Sweep)
export class SweepResolver {
  @Query(() => Sweep, { nullable: true, description: 'One sweep; null when your project has no such one.' })
  async sweep(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the sweep.' }) id: string,
  ): Promise<Sweep | null> {
    const key = keyOf('Sweep', id);
    const [sweep] = key === null ? [] : await context.services.sweeps.find(viewerOf(context).projectId, [key]);
    return sweep === undefined ? null : sweepNode(sweep);
  }

  @Query(() => SweepConnection, { description: 'The sweeps of your project, newest first.' })
  async sweeps(
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
  ): Promise<Connection<Sweep>> {
    const window = windowOf(first, after);
    const rows = await context.services.sweeps.page(viewerOf(context).projectId, window);
    return connectionOf(rows, window, sweepNode);
  }

  @Query(() => PlanSweepPayload, {
    description: 'What a sweep would be and cost. Everything is checked as if it were to start; nothing is written.',
  })
  async planSweep(
    @Ctx() context: Context,
    @Arg('input', () => GenerateSweepInput, { description: 'The sweep.' }) input: GenerateSweepInput,
  ): Promise<PlanSweepPayload> {
    const planned = await context.services.sweepService.plan(viewerOf(context), sweepRequest(input));
    if (!planned.ok) return { plan: null, userErrors: planned.refusals };
    const { grid, cells, first, estimatedMicros, unknownPrices, withinLimit } = planned.value;
    const { model } = first.row;
    const sizes = { axes: axisNodes(grid), cellCount: cells.length };
    return { plan: { ...sizes, model, estimatedMicros, unknownPrices, withinLimit }, userErrors: [] };
  }

  @Mutation(() => GenerateSweepPayload, {
    description:
      'Asks for a grid of pictures. All cells are accepted, or none. planSweep says beforehand what it costs.',
  })
  async generateSweep(
    @Ctx() context: Context,
    @Arg('input', () => GenerateSweepInput, { description: 'The sweep.' }) input: GenerateSweepInput,
  ): Promise<GenerateSweepPayload> {
    const created = await context.services.sweepService.create(viewerOf(context), sweepRequest(input));
    return created.ok
      ? { sweep: sweepNode(created.value), userErrors: [] }
      : { sweep: null, userErrors: created.refusals };
  }

  @Mutation(() => CancelSweepPayload, {
    description: 'Cancels all cells of a sweep that have not ended yet. Canceling it again changes nothing.',
  })
  async cancelSweep(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the sweep.' }) id: string,
  ): Promise<CancelSweepPayload> {
    const done = await context.services.sweepService.cancel(viewerOf(context), id);
    if (!done.ok) return { sweep: null, canceled: 0, stillRunning: [], userErrors: done.refusals };
    const { sweep, canceled, stillRunning } = done.value;
    return { sweep: sweepNode(sweep), canceled, stillRunning: stillRunning.map(generationNode), userErrors: [] };
  }

  @Subscription(() => Sweep, {
    description:
      'A sweep as it is, then again when its progress changed, a few times a second at most; ends when every cell has. A slow reader gets the latest only.',
    subscribe: async ({ args, context }: { args: { id: string }; context: Context }) =>
      await context.services.progress.sweepChanged(viewerOf(context), args.id),
  })
  sweepChanged(
    @Root() record: SweepRecord,
    @Arg('id', () => ID, { description: 'Id of the sweep.' }) _id: string,
  ): Sweep {
    return sweepNode(record);
  }

  @FieldResolver(() => FinetuneProfile, { nullable: true, description: 'The finetune profile.' })
  async profile(@Root() { record }: Sweep, @Ctx() { loaders }: Context): Promise<FinetuneProfile | null> {
    const profile = await loaders.profile.load(record.profileId);
    return profile === null ? null : profileNode(profile);
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The model; null when it is no longer in the catalogue.' })
  model(@Root() { record }: Sweep, @Ctx() context: Context): Model | null {
    const model = context.services.catalogue.models.find((candidate) => candidate.id === record.model);
    return model === undefined ? null : modelNode(model, context);
  }

  @FieldResolver(() => GroupProgress, { description: 'How its cells stand.' })
  async progress(@Root() { record }: Sweep, @Ctx() { loaders }: Context): Promise<GroupProgress> {
    return await loaders.sweepTally.load(record.id);
  }

  @FieldResolver(() => [SweepCell], { description: 'Its cells, by their numbers.' })
  async cells(
    @Root() { record }: Sweep,
    @Ctx() { loaders }: Context,
    @Arg('first', () => Int, { defaultValue: 100, description: '1 to 100.' }) first: number,
    @Arg('after', () => Int, { nullable: true, description: 'Only cells with a higher number.' }) after: number | null,
  ): Promise<SweepCell[]> {
    if (first < 1 || first > 100) {
      throw new DarkroomError('BAD_REQUEST', `cells(first:) must be from 1 to 100; ${first} was given.`);
    }
    const cells = (await loaders.sweepCells.load(record.id)).filter(({ n }) => n > (after ?? -1)).slice(0, first);
    return cells.map(({ n, generationId }) => {
      const { column, row, page } = placeOf(record.grid, n);
      return { n, column, row, page, generationKey: generationId };
    });
  }

  @FieldResolver(() => Sheet, { description: 'All cells in one picture with labelled axes, filled as they are done.' })
  async sheet(@Root() { record }: Sweep, @Ctx() { services }: Context): Promise<Sheet> {
    const sheet = await services.sheets.ofSweep(record);
    return sheetNode(sheet, services.publicUrl, `${record.id}/${record.token}`);
  }
}

@Resolver(() => SweepCell)
export class SweepCellResolver {
  @FieldResolver(() => Generation, { nullable: true, description: 'What fills it; null when it is gone.' })
  async generation(@Root() { generationKey }: SweepCell, @Ctx() { loaders }: Context): Promise<Generation | null> {
    const generation = await loaders.generation.load(generationKey);
    return generation === null ? null : generationNode(generation);
  }
}
