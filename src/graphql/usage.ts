import type { GraphQLResolveInfo } from 'graphql';
import { keyOf } from '../domain/ids.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import {
  usageDimensions,
  usageUnits,
  type UsageDimension,
  type UsageFilter as FilterValue,
  type UsageUnit,
} from '../domain/usage.js';
import { DarkroomError } from '../errors.js';
import { fieldsAsked } from './asked.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, FieldResolver, ID, Info, InputType, Query, Resolver, Root } from './decorators.js';
import { enumOf } from './enum-of.js';
import { ControlKindEnum, GenerationStatusEnum } from './enums.js';
import { FinetuneProfile, profileNode } from './profile.js';
import { DateTime } from './scalars.js';
import { Usage, usageNode, UsageRow } from './usage-types.js';

const UsageGroupEnum = enumOf('UsageGroup', 'What usage is grouped by.', [...usageDimensions, ...usageUnits], {
  PROFILE: 'The finetune profile.',
  MODEL: 'The model, by which it last went.',
  PROVIDER: 'The provider, to which it last went.',
  ACCOUNT: 'The provider account, by which it last went.',
  CONTROL: "What holds the picture's structure.",
  STATUS: 'Where it stands.',
  ERROR: 'The code with which it failed or expired; null for all others.',
  TAG: 'Each tag: a generation counts once for each of its own. Over at most 200,000 generations.',
  HOUR: 'The hour. Over at most 62 days; the hour that comes twice as clocks go back is two rows.',
  DAY: 'The local day.',
  WEEK: 'The local week, from Monday on.',
  MONTH: 'The local month.',
});

@InputType({ description: 'Which generations are counted; all conditions must hold. At most 50 values each.' })
export class UsageFilter {
  @Field(() => [ID], { nullable: true, description: 'Made with any of these profiles.' })
  profileId?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'By any of these models.' })
  model?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'At any of these providers.' })
  provider?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'By any of these provider accounts.' })
  account?: string[] | null;

  @Field(() => [ControlKindEnum], { nullable: true, description: 'Any of these control kinds.' })
  control?: ControlKind[] | null;

  @Field(() => [GenerationStatusEnum], { nullable: true, description: 'Any of these statuses.' })
  status?: GenerationStatus[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'With at least one of these tags. Over at most 200,000 generations.',
  })
  tag?: string[] | null;
}

function filterOf(filter: UsageFilter | null): FilterValue {
  const given: FilterValue = filter ?? {};
  return { ...given, profileId: given.profileId?.map(profileKey) ?? null };
}

function profileKey(id: string): string {
  const key = keyOf('FinetuneProfile', id);
  if (key === null) throw new DarkroomError('BAD_REQUEST', 'filter.profileId holds what is no id of a profile.');
  return key;
}

@Resolver(() => UsageRow)
export class UsageResolver {
  @Query(() => Usage, {
    description: 'Counts, rates, latencies and costs of the generations accepted in a range of time.',
  })
  async usage(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('filter', () => UsageFilter, { nullable: true, description: 'Which ones.' }) filter: UsageFilter | null,
    @Arg('groupBy', () => [UsageGroupEnum], {
      defaultValue: [],
      description: 'At most one unit of time and three others; none: one row of all.',
    })
    groupBy: (UsageDimension | UsageUnit)[],
    @Arg('timeZone', () => String, {
      defaultValue: 'UTC',
      description: 'Whose days: an IANA name, e.g. Europe/Berlin.',
    })
    timeZone: string,
    @Arg('from', () => DateTime, {
      nullable: true,
      description:
        'Accepted at this time or later; by default 30 days, with the last one. At most 1,830 days before `to`.',
    })
    from?: Date | null,
    @Arg('to', () => DateTime, { nullable: true, description: 'Accepted before this time; by default now.' })
    to?: Date | null,
  ): Promise<Usage> {
    const { projectId } = viewerOf(context);
    const asked = fieldsAsked(info, ['rows']);
    const report = await context.services.usage.report(projectId, {
      filter: filterOf(filter),
      groupBy,
      timeZone,
      from: from ?? null,
      to: to ?? null,
      withLatency: asked.has('queueTime') || asked.has('runTime'),
    });
    return usageNode(report);
  }

  @FieldResolver(() => FinetuneProfile, { nullable: true, description: 'The profile, where it is still there.' })
  async profile(@Root() row: UsageRow, @Ctx() context: Context): Promise<FinetuneProfile | null> {
    const profile = row.profileKey === null ? null : await context.loaders.profile.load(row.profileKey);
    return profile === null ? null : profileNode(profile);
  }
}
