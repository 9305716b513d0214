import { DarkroomError } from '../errors.js';
import { connectionOf, pageBounds, windowOf, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from './decorators.js';
import {
  EraseGenerationsInput,
  EraseGenerationsPayload,
  Erasure,
  ErasureConnection,
  ErasureLeft,
  erasureNode,
  erasureRequest,
} from './erasure-types.js';
import { SafeInt } from './scalars.js';

const listAtMost = 1_000;
const sha256 = /^[0-9a-f]{64}$/;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A range of a long list of texts in ascending order. */
function rangeOf(first: number, after: string | null, form: RegExp): { after: string | null; limit: number } {
  if (first < 1 || first > listAtMost) {
    throw new DarkroomError('BAD_REQUEST', `first must be from 1 to ${listAtMost}; ${first} was given.`);
  }
  if (after !== null && !form.test(after)) throw new DarkroomError('BAD_REQUEST', 'after is no entry of this list.');
  return { after, limit: first };
}

@Resolver(() => Erasure)
export class ErasureResolver {
  @Mutation(() => EraseGenerationsPayload, {
    description:
      'Erases the content of generations of your project for good: prompts, notes, images, inputs and all made from them. What can be counted stays: status, times, costs, model, profile, parameters. It is done in the background, within minutes; docs/erasure.md tells what goes and what stays.',
  })
  async eraseGenerations(
    @Ctx() context: Context,
    @Arg('input', () => EraseGenerationsInput, { description: 'Which ones.' }) input: EraseGenerationsInput,
  ): Promise<EraseGenerationsPayload> {
    const { eraseService } = context.services;
    const request = erasureRequest(input);
    if (input.dryRun) {
      const plan = await eraseService.plan(viewerOf(context), request);
      return plan.ok
        ? { erasure: null, plan: plan.value, userErrors: [] }
        : { erasure: null, plan: null, userErrors: plan.refusals };
    }
    const created = await eraseService.create(viewerOf(context), request);
    return created.ok
      ? { erasure: erasureNode(created.value), plan: null, userErrors: [] }
      : { erasure: null, plan: null, userErrors: created.refusals };
  }

  @Query(() => ErasureConnection, { description: 'The erasures of your project, newest first.' })
  async erasures(
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
  ): Promise<Connection<Erasure>> {
    const window = windowOf(first, after);
    const rows = await context.services.erasures.page(viewerOf(context).projectId, window);
    return connectionOf(rows, window, erasureNode);
  }

  @FieldResolver(() => SafeInt, {
    description: 'Generations chosen that are not done with; most of these wait for their provider.',
  })
  async waiting(@Root() { key }: Erasure, @Ctx() context: Context): Promise<number> {
    return await context.services.erasures.waiting(viewerOf(context).projectId, key);
  }

  @FieldResolver(() => [String], {
    description:
      'SHA-256 in hex of the images removed, ascending: no image of the project, and no file, has it any more.',
  })
  async imageHashes(
    @Root() { key }: Erasure,
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: 100, description: '1 to 1,000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The hash to continue after.' }) after: string | null,
  ): Promise<string[]> {
    const range = rangeOf(first, after ?? null, sha256);
    return await context.services.erasures.imageHashes(viewerOf(context).projectId, key, range);
  }

  @FieldResolver(() => [String], { description: 'Keys of its generations (ids without their prefix), ascending.' })
  async generationKeys(
    @Root() { key }: Erasure,
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: 100, description: '1 to 1,000.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The key to continue after.' }) after: string | null,
  ): Promise<string[]> {
    const range = rangeOf(first, after ?? null, uuid);
    return await context.services.erasures.generationKeys(viewerOf(context).projectId, key, range);
  }

  @FieldResolver(() => ErasureLeft, { description: 'What of its content is there now, looked up as you ask.' })
  async left(@Root() { key }: Erasure, @Ctx() context: Context): Promise<ErasureLeft> {
    return await context.services.erasures.left(viewerOf(context).projectId, key);
  }
}
