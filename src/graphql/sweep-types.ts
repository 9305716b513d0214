import type { AxisName, AxisPlace, Grid } from '../domain/grid.js';
import { publicId } from '../domain/ids.js';
import type { ControlKind } from '../domain/lifecycle.js';
import type { Sweep as SweepRecord } from '../domain/sweep.js';
import { PageInfo, type Connection } from './connection.js';
import { Field, Int, ObjectType } from './decorators.js';
import { AxisNameEnum, AxisPlaceEnum, ControlKindEnum } from './enums.js';
import { Generation } from './generation-types.js';
import { Node } from './node-interface.js';
import { DateTime, SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'One direction of a grid, and what varies along it.' })
export class SweepAxis {
  @Field(() => AxisPlaceEnum, { description: 'The direction.' })
  place: AxisPlace;

  @Field(() => AxisNameEnum, { description: 'What varies.' })
  name: AxisName;

  @Field(() => [String], { description: 'The values as text, in order; the baseline first where one was asked for.' })
  values: string[];
}

export function axisNodes(grid: Grid): SweepAxis[] {
  return grid.map(({ place, name, values }) => ({ place, name, values: values.map(({ label }) => label) }));
}

@ObjectType({ description: 'One place of a grid.' })
export class SweepCell {
  /** Key of what is loaded on demand; not a field. */
  generationKey: string;

  @Field(() => Int, { description: 'Its number from 0: along the columns, then the rows, then the pages.' })
  n: number;

  @Field(() => Int, { description: 'Its column, from 0.' })
  column: number;

  @Field(() => Int, { description: 'Its row, from 0.' })
  row: number;

  @Field(() => Int, { description: 'Its page, from 0.' })
  page: number;
}

@ObjectType({
  implements: Node,
  description: 'A grid of generations that were asked for together: at most 100 cells along one to three axes.',
})
export class Sweep extends Node {
  readonly __typename = 'Sweep';

  /** Not fields: what others are loaded from. */
  record: SweepRecord;

  @Field(() => ControlKindEnum, { description: "What holds the pictures' structure." })
  control: ControlKind;

  @Field(() => String, { description: 'The provider that it goes to.' })
  provider: string;

  @Field(() => [SweepAxis], { description: 'One to three: columns, rows, pages.' })
  axes: SweepAxis[];

  @Field(() => Int, { description: 'How many cells it has, 1 to 100.' })
  cellCount: number;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'The seed that Darkroom drew, the same for all cells; null where the request named one.',
  })
  seed: number | null;

  @Field(() => SafeInt, { description: 'The limit that was given, in micro-USD.' })
  maxCostMicros: number;

  @Field(() => SafeInt, { description: 'What it costs by the price list, in micro-USD; unknown prices are left out.' })
  estimatedMicros: number;

  @Field(() => Int, { description: 'Cells whose price is not known.' })
  unknownPrices: number;

  @Field(() => DateTime, { description: 'When it was accepted.' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When the rest of it was canceled.' })
  canceledAt: Date | null;
}

export function sweepNode(record: SweepRecord): Sweep {
  return {
    __typename: 'Sweep',
    id: publicId('Sweep', record.id),
    record,
    control: record.control,
    provider: record.provider,
    axes: axisNodes(record.grid),
    cellCount: record.cellCount,
    seed: record.seed,
    maxCostMicros: record.maxCostMicros,
    estimatedMicros: record.costEstimatedMicros,
    unknownPrices: record.unknownPrices,
    createdAt: record.createdAt,
    canceledAt: record.canceledAt,
  };
}

@ObjectType({ description: 'One sweep in a list.' })
export class SweepEdge {
  @Field(() => Sweep, { description: 'The sweep.' })
  node: Sweep;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of sweeps, newest first.' })
export class SweepConnection implements Connection<Sweep> {
  @Field(() => [SweepEdge], { description: 'The entries with their cursors.' })
  edges: SweepEdge[];

  @Field(() => [Sweep], { description: 'The entries.' })
  nodes: Sweep[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'What a sweep would be.' })
export class SweepPlan {
  @Field(() => [SweepAxis], { description: 'One to three: columns, rows, pages.' })
  axes: SweepAxis[];

  @Field(() => Int, { description: 'How many cells it has, 1 to 100.' })
  cellCount: number;

  @Field(() => String, { description: 'Id of the model that would be used.' })
  model: string;

  @Field(() => SafeInt, { description: 'What it costs by the price list, in micro-USD; unknown prices are left out.' })
  estimatedMicros: number;

  @Field(() => Int, { description: 'Cells whose price is not known.' })
  unknownPrices: number;

  @Field(() => Boolean, { description: 'Whether maxCostMicros and allowUnknownPrice let it start.' })
  withinLimit: boolean;
}

@ObjectType({ description: 'Answer to planSweep.' })
export class PlanSweepPayload {
  @Field(() => SweepPlan, { nullable: true, description: 'The plan; null when the input would be refused.' })
  plan: SweepPlan | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input, at most 20.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to generateSweep.' })
export class GenerateSweepPayload {
  @Field(() => Sweep, { nullable: true, description: 'The accepted sweep, durable; null when it was refused.' })
  sweep: Sweep | null;

  @Field(() => [UserError], {
    description: 'Everything that is wrong with the input, at most 20; then no cell started.',
  })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to cancelSweep.' })
export class CancelSweepPayload {
  @Field(() => Sweep, { nullable: true, description: 'The sweep; null when it was refused.' })
  sweep: Sweep | null;

  @Field(() => Int, { description: 'Cells that were canceled by this call.' })
  canceled: number;

  @Field(() => [Generation], {
    description:
      'Canceled cells that could not be stopped: the provider may be running them. They hold their slots until it is done, and what they cost is added.',
  })
  stillRunning: Generation[];

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}
