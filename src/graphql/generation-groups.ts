import type { Context } from './context.js';
import { Ctx, FieldResolver, Resolver, Root } from './decorators.js';
import { Generation } from './generation-types.js';
import { Replay, replayNode } from './replay-types.js';
import { Sweep, sweepNode } from './sweep-types.js';

/** What a generation was asked for as a part of. */
@Resolver(() => Generation)
export class GenerationGroupsResolver {
  @FieldResolver(() => Sweep, { nullable: true, description: 'The sweep of which it is a cell.' })
  async sweep(@Root() { key }: Generation, @Ctx() { loaders }: Context): Promise<Sweep | null> {
    const sweep = await loaders.sweepOf.load(key);
    return sweep === null ? null : sweepNode(sweep);
  }

  @FieldResolver(() => Replay, { nullable: true, description: 'The replay that made it, to compare with `rerunOf`.' })
  async replay(@Root() { key }: Generation, @Ctx() { loaders }: Context): Promise<Replay | null> {
    const replay = await loaders.replayOf.load(key);
    return replay === null ? null : replayNode(replay);
  }
}
