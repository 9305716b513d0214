import type { ListedField, ListedGeneration } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import type { Generation } from './generation-types.js';

/** The fields of a generation that a list needs no more for than these of the few parts that lists mostly show. */
const neededFor: Readonly<Record<string, ListedField | null>> = {
  __typename: null,
  id: null,
  version: 'version',
  status: 'status',
  control: 'control',
  provider: 'provider',
  prompt: 'prompt',
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
  finishedAt: 'finishedAt',
  profile: 'profileId',
  model: 'model',
  images: 'status',
  controlImage: null,
  imagePrompt: null,
  attempts: null,
  progress: 'status',
  events: null,
};

/** What is to be read for these fields of GraphQL; null: it takes the whole generation. */
export function fieldsToRead(asked: readonly string[]): ReadonlySet<ListedField> | null {
  const needed = new Set<ListedField>();
  for (const field of asked) {
    const part = Object.hasOwn(neededFor, field) ? neededFor[field] : undefined;
    if (part === undefined) return null;
    if (part !== null) needed.add(part);
  }
  return needed;
}

/** A generation in a list, with no more than what is asked for. */
export type ListedNode = Pick<Generation, '__typename' | 'id' | 'key'> &
  Partial<Pick<Generation, 'profileKey' | 'modelId' | Exclude<ListedField, 'profileId' | 'model'>>>;

export function listedNode({ id, profileId, model, ...rest }: ListedGeneration): ListedNode {
  return {
    __typename: 'Generation',
    ...rest,
    id: publicId('Generation', id),
    key: id,
    ...(profileId === undefined ? {} : { profileKey: profileId }),
    ...(model === undefined ? {} : { modelId: model }),
  };
}
