import type { Erasure as ErasureRecord } from '../domain/erasure.js';
import { publicId } from '../domain/ids.js';
import type { ListFilter } from '../domain/listing.js';
import type { ErasureRequest } from '../service/erase.js';
import { PageInfo, type Connection } from './connection.js';
import { Field, ID, InputType, ObjectType } from './decorators.js';
import { enumOf } from './enum-of.js';
import { filterOf, GenerationFilter } from './generation.js';
import { Node } from './node-interface.js';
import { DateTime, SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

export const ErasureStatusEnum = enumOf(
  'ErasureStatus',
  'Where an erasure stands.',
  ['QUEUED', 'RUNNING', 'FINISHED'] as const,
  {
    QUEUED: 'Accepted; it begins within seconds.',
    RUNNING: 'Being done. It waits for what a provider still runs, as `waiting` tells.',
    FINISHED: 'All is gone that was to go, and the receipt is final.',
  },
);

@ObjectType({ description: 'What an erasure has done; no content, and nothing that names a person.' })
export class ErasureReceipt {
  @Field(() => SafeInt, { description: 'Generations of which nothing but what can be counted is left.' })
  generations: number;

  @Field(() => SafeInt, { description: 'Of these what had not ended, and was canceled for it.' })
  canceled: number;

  @Field(() => SafeInt, { description: 'Prompts erased.' })
  prompts: number;

  @Field(() => SafeInt, { description: 'Submits whose bodies, addresses and messages were erased.' })
  attempts: number;

  @Field(() => SafeInt, { description: 'Images removed: taken as input or made.' })
  images: number;

  @Field(() => SafeInt, { description: 'Images that stay, since generations that are not erased use them.' })
  imagesShared: number;

  @Field(() => SafeInt, { description: 'Files removed: the images and what was made from them.' })
  files: number;

  @Field(() => SafeInt, { description: 'Bytes of the images removed.' })
  bytes: number;

  @Field(() => String, {
    nullable: true,
    description:
      'SHA-256 in hex over the keys (ids without their prefix) of the generations in ascending order, a line feed after each; null until it is finished.',
  })
  idsDigest: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 in hex over `imageHashes`, all of them, a line feed after each; null until it is finished.',
  })
  imagesDigest: string | null;
}

@ObjectType({ description: 'What of an erasure’s content is there now.' })
export class ErasureLeft {
  @Field(() => SafeInt, { description: 'Generations that still have a prompt. 0 once it is finished.' })
  generations: number;

  @Field(() => SafeInt, {
    description:
      'Images that the project has with the same bytes. 0 once it is finished, unless they were given again.',
  })
  images: number;
}

@ObjectType({ implements: Node, description: 'An order to erase the content of generations, and what became of it.' })
export class Erasure extends Node {
  readonly __typename = 'Erasure';

  /** Key of what is loaded on demand; not a field. */
  key: string;

  @Field(() => ErasureStatusEnum, { description: 'Where it stands.' })
  status: 'QUEUED' | 'RUNNING' | 'FINISHED';

  @Field(() => Boolean, { description: 'Whether tags were to stay.' })
  keepTags: boolean;

  @Field(() => ErasureReceipt, { description: 'What it has done so far; final once it is FINISHED.' })
  receipt: ErasureReceipt;

  @Field(() => DateTime, { description: 'When it was accepted: what was accepted until then is erased.' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it began.' })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was finished.' })
  finishedAt: Date | null;
}

export function erasureNode(record: ErasureRecord): Erasure {
  const { id, projectId: _project, keepTags, createdAt, startedAt, finishedAt, ...receipt } = record;
  return {
    __typename: 'Erasure',
    id: publicId('Erasure', id),
    key: id,
    status: finishedAt !== null ? 'FINISHED' : startedAt !== null ? 'RUNNING' : 'QUEUED',
    keepTags,
    receipt,
    createdAt,
    startedAt,
    finishedAt,
  };
}

@ObjectType({ description: 'One erasure in a list.' })
export class ErasureEdge {
  @Field(() => Erasure, { description: 'The erasure.' })
  node: Erasure;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of erasures, newest first.' })
export class ErasureConnection implements Connection<Erasure> {
  @Field(() => [ErasureEdge], { description: 'The entries with their cursors.' })
  edges: ErasureEdge[];

  @Field(() => [Erasure], { description: 'The entries.' })
  nodes: Erasure[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'What an erasure would come to now.' })
export class ErasurePlan {
  @Field(() => SafeInt, { description: 'Generations that would be erased.' })
  generations: number;

  @Field(() => SafeInt, { description: 'Of these what has not ended, and would be canceled.' })
  running: number;

  @Field(() => SafeInt, { description: 'Images that would be removed.' })
  images: number;

  @Field(() => SafeInt, { description: 'Images that would stay, since other generations use them.' })
  imagesShared: number;

  @Field(() => SafeInt, { description: 'Bytes of the images that would be removed.' })
  bytes: number;
}

@ObjectType({ description: 'Answer to eraseGenerations.' })
export class EraseGenerationsPayload {
  @Field(() => Erasure, { nullable: true, description: 'The erasure, durable; null for a dry run or when refused.' })
  erasure: Erasure | null;

  @Field(() => ErasurePlan, { nullable: true, description: 'What it would come to; null unless it is a dry run.' })
  plan: ErasurePlan | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@InputType({ description: 'Which generations to erase: exactly one of filter, subject and ids.' })
export class EraseGenerationsInput {
  @Field(() => GenerationFilter, {
    nullable: true,
    description: 'Those that match now. An empty filter is refused: everything is asked for by createdTo.',
  })
  filter?: GenerationFilter | null;

  @Field(() => String, { nullable: true, description: 'All of this person, as the generations name them.' })
  subject?: string | null;

  @Field(() => [ID], { nullable: true, description: '1 to 100 generations.' })
  ids?: string[] | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'True: tags stay, to be counted by. Only where they name nobody.',
  })
  keepTags: boolean;

  @Field(() => Boolean, { defaultValue: false, description: 'True: only tell what it would come to.' })
  dryRun: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Up to 200 characters: the same key with the same request gives the same erasure for 24 hours.',
  })
  idempotencyKey?: string | null;
}

export function erasureRequest(input: EraseGenerationsInput): ErasureRequest {
  const filter: ListFilter | null = input.filter == null ? null : filterOf(input.filter);
  const { subject = null, ids = null, keepTags, idempotencyKey = null } = input;
  return { filter, subject, ids, keepTags, idempotencyKey };
}
