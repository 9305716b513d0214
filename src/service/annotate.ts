import type { Annotations } from '../domain/annotation.js';
import type { Generation } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import type { History, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { checkText } from '../domain/text.js';
import { inputBounds } from './generate.js';

/** Bounds of what is said of generations; a note in characters. */
export const annotationBounds = { rating: { minimum: 1, maximum: 5 }, note: 2_000, generations: 100 } as const;

export type AnnotationService = {
  rate(viewer: Viewer, id: string, rating: number | null): Promise<Checked<Generation>>;
  favourite(viewer: Viewer, id: string, favourite: boolean): Promise<Checked<Generation>>;
  /** An empty note is none. */
  note(viewer: Viewer, id: string, note: string | null): Promise<Checked<Generation>>;
  /** All of them or none. */
  tag(
    viewer: Viewer,
    request: { ids: readonly string[]; add: readonly string[]; remove: readonly string[] },
  ): Promise<Checked<Generation[]>>;
};

/** What people say of generations, in any state they are in. */
export function createAnnotationService(parts: { annotations: Annotations; history: History }): AnnotationService {
  const { annotations, history } = parts;
  const missing = (path: string[], given: string): Refusal =>
    refusal('NOT_FOUND', path, 'There is no such generation in your project.', { given });

  async function set(
    viewer: Viewer,
    id: string,
    values: Parameters<Annotations['set']>[2],
    wrong: readonly Refusal[] = [],
  ): Promise<Checked<Generation>> {
    if (wrong.length > 0) return refused(...wrong);
    const key = keyOf('Generation', id);
    const changed = key !== null && (await annotations.set(viewer.projectId, key, values));
    const generation = key === null ? null : await history.generation(viewer.projectId, key);
    if (generation === null) return refused(missing(['id'], id));
    if (changed) return accepted(generation);
    return refused(refusal('CONFLICT', ['note'], 'Its content has been erased; nothing is noted about it any more.'));
  }

  return {
    rate: async (viewer, id, rating) => await set(viewer, id, { rating }, checkRating(rating)),
    favourite: async (viewer, id, favourite) => await set(viewer, id, { favourite }),
    async note(viewer, id, note) {
      const wrong = checkText(note ?? '', ['note'], { maximum: annotationBounds.note, what: 'The note' });
      return await set(viewer, id, { note: note === '' ? null : note }, wrong);
    },

    async tag(viewer, { ids, add, remove }) {
      const wrong = [
        ...checkIds(ids),
        ...checkTags('add', add),
        ...checkTags('remove', remove),
        ...checkBoth(add, remove),
      ];
      if (wrong.length > 0) return refused(...wrong);
      const keys = ids.map((id) => keyOf('Generation', id));
      const unknown = ids.flatMap((id, n) => (keys[n] === null ? [missing(['ids', String(n)], id)] : []));
      if (unknown.length > 0) return refused(...unknown);
      const known = keys.flatMap((key) => key ?? []);
      const most = inputBounds.tags;
      const unfit = await annotations.tag(viewer.projectId, [...new Set(known)], { add, remove, most });
      const refusals = known.flatMap((key, n) => {
        const [path, given] = [['ids', String(n)], ids[n]];
        if (unfit.missing.includes(key)) return [missing(path, given ?? '')];
        if (!unfit.full.includes(key)) return [];
        const message = `A generation has at most ${most} tags; this one would have more.`;
        return [refusal('OUT_OF_RANGE', path, message, { maximum: most, given })];
      });
      if (refusals.length > 0) return refused(...refusals);
      const generations = await history.generations(viewer.projectId, known);
      return accepted(generations.flatMap((each) => each ?? []));
    },
  };
}

function checkRating(rating: number | null): Refusal[] {
  const { minimum, maximum } = annotationBounds.rating;
  if (rating === null || (rating >= minimum && rating <= maximum)) return [];
  const message = `rating must be from ${minimum} to ${maximum}, or null to take it away; ${rating} was given.`;
  return [refusal('OUT_OF_RANGE', ['rating'], message, { minimum, maximum, given: rating })];
}

function checkIds(ids: readonly string[]): Refusal[] {
  const maximum = annotationBounds.generations;
  if (ids.length >= 1 && ids.length <= maximum) return [];
  const message = `ids takes 1 to ${maximum} generations; ${ids.length} were given.`;
  return [refusal('OUT_OF_RANGE', ['ids'], message, { minimum: 1, maximum, given: ids.length })];
}

function checkTags(path: 'add' | 'remove', tags: readonly string[]): Refusal[] {
  const { tags: maximum, tagCharacters } = inputBounds;
  if (tags.length > maximum) {
    const message = `${path} takes at most ${maximum} tags; ${tags.length} were given.`;
    return [refusal('OUT_OF_RANGE', [path], message, { maximum, given: tags.length })];
  }
  return tags.flatMap((tag, n) =>
    checkText(tag, [path, String(n)], { minimum: 1, maximum: tagCharacters, what: 'A tag' }),
  );
}

function checkBoth(add: readonly string[], remove: readonly string[]): Refusal[] {
  const both = add.find((tag) => remove.includes(tag));
  if (both !== undefined) {
    return [refusal('INVALID', ['remove'], 'A tag cannot be added and removed at once.', { given: both })];
  }
  if (add.length + remove.length > 0) return [];
  return [refusal('REQUIRED', ['add'], 'Give tags to add or to remove.')];
}
