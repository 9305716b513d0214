import type { ListedField, ListedGeneration } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import {
  costOf,
  errorNode,
  seedOf,
  timingsOf,
  type Cost,
  type GenerationError,
  type Timings,
} from './generation-parts.js';
import { parametersNode, type Parameters } from './parameters.js';

/** What is to be read for the fields that a list can show without reading whole generations. */
const neededFor: Readonly<Record<string, readonly ListedField[]>> = {
  __typename: [],
  id: [],
  version: ['version'],
  status: ['status'],
  error: ['errorCode', 'errorMessage'],
  control: ['control'],
  provider: ['provider'],
  prompt: ['prompt'],
  promptSent: ['promptSent'],
  parameters: ['parameters'],
  seed: ['resultSeed', 'parameters'],
  tags: ['tags'],
  rating: ['rating'],
  favourite: ['favourite'],
  note: ['note'],
  cost: ['costEstimatedMicros', 'costQuotedMicros', 'costSettledMicros'],
  timings: ['createdAt', 'startedAt', 'finishedAt'],
  createdAt: ['createdAt'],
  updatedAt: ['updatedAt'],
  startedAt: ['startedAt'],
  finishedAt: ['finishedAt'],
  profile: ['profileId'],
  model: ['model'],
  images: ['status'],
  controlImage: [],
  imagePrompt: [],
  attempts: [],
  progress: ['status'],
  events: [],
};

/** What is to be read for these fields of GraphQL; null: it takes the whole generation. */
export function fieldsToRead(asked: readonly string[]): ReadonlySet<ListedField> | null {
  const needed = new Set<ListedField>();
  for (const field of asked) {
    const parts = Object.hasOwn(neededFor, field) ? neededFor[field] : undefined;
    if (parts === undefined) return null;
    for (const part of parts) needed.add(part);
  }
  return needed;
}

/**
 * A generation in a list, of which only what is asked for was read: a field is worked out when it is asked for, since a page
 * has many of them.
 */
export class ListedNode {
  readonly __typename = 'Generation';
  readonly #row: ListedGeneration;

  constructor(row: ListedGeneration) {
    this.#row = row;
  }

  get id(): string {
    return publicId('Generation', this.#row.id);
  }
  get key(): string {
    return this.#row.id;
  }
  get profileKey(): ListedGeneration['profileId'] {
    return this.#row.profileId;
  }
  get modelId(): ListedGeneration['model'] {
    return this.#row.model;
  }
  get error(): GenerationError | null {
    return errorNode(this.#row.errorCode ?? null, this.#row.errorMessage ?? null);
  }
  get parameters(): Parameters {
    return parametersNode(this.#row.parameters ?? {});
  }
  get seed(): number | null {
    return seedOf(this.#row);
  }
  get cost(): Cost {
    return costOf(this.#row);
  }
  get timings(): Timings {
    return timingsOf(this.#row);
  }
  get version(): ListedGeneration['version'] {
    return this.#row.version;
  }
  get status(): ListedGeneration['status'] {
    return this.#row.status;
  }
  get control(): ListedGeneration['control'] {
    return this.#row.control;
  }
  get provider(): ListedGeneration['provider'] {
    return this.#row.provider;
  }
  get prompt(): ListedGeneration['prompt'] {
    return this.#row.prompt;
  }
  get promptSent(): ListedGeneration['promptSent'] {
    return this.#row.promptSent;
  }
  get tags(): ListedGeneration['tags'] {
    return this.#row.tags;
  }
  get rating(): ListedGeneration['rating'] {
    return this.#row.rating;
  }
  get favourite(): ListedGeneration['favourite'] {
    return this.#row.favourite;
  }
  get note(): ListedGeneration['note'] {
    return this.#row.note;
  }
  get createdAt(): ListedGeneration['createdAt'] {
    return this.#row.createdAt;
  }
  get updatedAt(): ListedGeneration['updatedAt'] {
    return this.#row.updatedAt;
  }
  get startedAt(): ListedGeneration['startedAt'] {
    return this.#row.startedAt;
  }
  get finishedAt(): ListedGeneration['finishedAt'] {
    return this.#row.finishedAt;
  }
}
