import type { GenerationLoaders } from './batch-loaders.js';
import type { Generation as GenerationRecord } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import type { ListQuery } from '../domain/listing.js';
import type { ControlKind, GenerationStatus, ModerationStage } from '../domain/lifecycle.js';
import { PageInfo, type Connection } from './connection.js';
import { Field, Int, ObjectType } from './decorators.js';
import { ControlKindEnum, GenerationStatusEnum, ModerationStageEnum } from './enums.js';
import { Cost, costOf, errorNode, GenerationError, seedOf, Timings, timingsOf } from './generation-parts.js';
import { Node } from './node-interface.js';
import { Parameters, parametersNode } from './parameters.js';
import { Adjustment, Route, routesOf } from './route.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({ implements: Node, description: 'One image asked for, from acceptance to its end.' })
export class Generation extends Node {
  readonly __typename = 'Generation';

  /** Keys of what is loaded on demand; not fields. */
  key: string;
  profileKey: string | null;
  modelId: string;
  rerunOfKey: string | null;
  /** Where it was read with others, these read for all of them; else the request's own do. */
  loaders?: GenerationLoaders;

  @Field(() => Int, { description: 'Raised by every change of status.' })
  version: number;

  @Field(() => GenerationStatusEnum, { description: 'Where it stands.' })
  status: GenerationStatus;

  @Field(() => ModerationStageEnum, {
    nullable: true,
    description: 'When the provider withheld it; null unless MODERATED.',
  })
  moderationStage: ModerationStage | null;

  @Field(() => GenerationError, { nullable: true, description: 'Why it ended badly, or why it waits again.' })
  error: GenerationError | null;

  @Field(() => ControlKindEnum, { description: "What holds the picture's structure." })
  control: ControlKind;

  @Field(() => String, { description: 'The provider that it goes to.' })
  provider: string;

  @Field(() => Route, { description: 'The route that it takes.' })
  route: Route;

  @Field(() => [Route], {
    description: 'Every route that could serve it, the best first, with why those not taken are not.',
  })
  routes: readonly Route[];

  @Field(() => [Adjustment], { description: 'What its route cannot honour exactly, and what is sent instead.' })
  adjustments: readonly Adjustment[];

  @Field(() => String, { nullable: true, description: 'Whose it is, as the caller named the person.' })
  subject: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When its content was erased: prompts are empty then, images, notes and what was sent are gone; what can be counted stays.',
  })
  erasedAt: Date | null;

  @Field(() => String, { description: 'The prompt as asked; empty once it is erased.' })
  prompt: string;

  @Field(() => String, { description: 'The prompt as sent, with the trigger word; empty once it is erased.' })
  promptSent: string;

  @Field(() => String, { nullable: true, description: "The provider's id of the finetune." })
  finetuneId: string | null;

  @Field(() => Parameters, { description: 'Every parameter that is sent.' })
  parameters: Parameters;

  @Field(() => Parameters, {
    nullable: true,
    description: 'Of these what the caller asked for: a rerun asks for the same. Null where that was not kept.',
  })
  asked: Parameters | null;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'The seed that the provider used, once known; else the one asked for.',
  })
  seed: number | null;

  @Field(() => [String], { description: 'Tags, as given or as changed since.' })
  tags: readonly string[];

  @Field(() => Int, { nullable: true, description: 'How a person rated it, 1 to 5.' })
  rating: number | null;

  @Field(() => Boolean, { description: 'Whether it is a favourite.' })
  favourite: boolean;

  @Field(() => String, { nullable: true, description: 'What a person noted about it.' })
  note: string | null;

  @Field(() => Int, { description: 'Higher goes first among those waiting.' })
  priority: number;

  @Field(() => Cost, { description: 'What it costs.' })
  cost: Cost;

  @Field(() => Timings, { description: 'How long it took.' })
  timings: Timings;

  @Field(() => DateTime, { description: 'When it was accepted.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it last changed.' })
  updatedAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When a provider took it.' })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it came to its end.' })
  finishedAt: Date | null;

  @Field(() => DateTime, { description: 'When it fails by itself if it has not finished.' })
  deadline: Date;

  @Field(() => DateTime, { nullable: true, description: 'Not submitted again before this time.' })
  nextAttemptAt: Date | null;
}

export function generationNode(record: GenerationRecord): Generation {
  const { route, routes } = routesOf(record);
  return {
    __typename: 'Generation',
    id: publicId('Generation', record.id),
    key: record.id,
    profileKey: record.profileId,
    modelId: record.model,
    rerunOfKey: record.rerunOf,
    version: record.version,
    status: record.status,
    moderationStage: record.moderationStage,
    error: errorNode(record.errorCode, record.errorMessage),
    control: record.control,
    provider: record.provider,
    route,
    routes,
    adjustments: route.adjustments,
    prompt: record.prompt,
    promptSent: record.promptSent,
    finetuneId: record.finetuneId,
    parameters: parametersNode(record.parameters),
    asked: record.asked === null ? null : parametersNode(record.asked),
    seed: seedOf(record),
    tags: record.tags,
    rating: record.rating,
    favourite: record.favourite,
    note: record.note,
    subject: record.subject,
    erasedAt: record.erasedAt,
    priority: record.priority,
    cost: costOf(record),
    timings: timingsOf(record),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    deadline: record.deadline,
    nextAttemptAt: record.nextAttemptAt,
  };
}

@ObjectType({ description: 'One generation in a list.' })
export class GenerationEdge {
  @Field(() => Generation, { description: 'The generation.' })
  node: Generation;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of generations.' })
export class GenerationConnection implements Connection<Generation> {
  /** What list it is of; not a field. */
  query: ListQuery;

  @Field(() => [GenerationEdge], { description: 'The entries with their cursors.' })
  edges: GenerationEdge[];

  @Field(() => [Generation], { description: 'The entries.' })
  nodes: Generation[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}
