import { viewerOf, type Context } from './context.js';
import { Ctx, Field, FieldResolver, ObjectType, Resolver, Root } from './decorators.js';
import { GenerationConnection } from './generation-types.js';
import { SafeInt } from './scalars.js';

@ObjectType({ description: 'How many entries a whole list has.' })
export class TotalCount {
  @Field(() => SafeInt, { description: 'The number, or about so many.' })
  value: number;

  @Field(() => Boolean, {
    description:
      'Whether it was counted: so it is up to 10,000 entries. More, or what takes long to count, is estimated.',
  })
  exact: boolean;
}

@Resolver(() => GenerationConnection)
export class TotalCountResolver {
  @FieldResolver(() => TotalCount, {
    description:
      'How many there are in the whole list. It costs a statement of its own: ask for it once, not with every page.',
  })
  async totalCount(@Root() root: GenerationConnection, @Ctx() context: Context): Promise<TotalCount> {
    return await context.services.history.count(viewerOf(context).projectId, root.query);
  }
}
