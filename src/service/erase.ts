import type { Erasure, ErasureFilter, ErasurePlan, Erasures } from '../domain/erasure.js';
import { keyOf, newId } from '../domain/ids.js';
import { givenFields, type ListFilter } from '../domain/listing.js';
import type { Idempotency, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { checkSubject } from './generate.js';
import { checkIdempotencyKey, findKept, requestKeyOf } from './idempotency.js';

/** Generations that can be named one by one. */
const idsAtMost = 100;

/** Exactly one of the three. */
export type ErasureRequest = {
  filter: ListFilter | null;
  subject: string | null;
  /** Public ids. */
  ids: readonly string[] | null;
  keepTags: boolean;
  idempotencyKey: string | null;
};

export type EraseService = {
  /** What it would come to; nothing is written. */
  plan(viewer: Viewer, request: ErasureRequest): Promise<Checked<ErasurePlan>>;
  /** Durable when it answers; the work is done in the background. */
  create(viewer: Viewer, request: ErasureRequest): Promise<Checked<Erasure>>;
};

const root = ['input'];

/** Takes orders to erase the content of generations. */
export function createEraseService(parts: {
  erasures: Erasures;
  idempotency: Idempotency;
  /** Called when there is something to erase. */
  onCreated: () => void;
}): EraseService {
  const { erasures } = parts;

  async function find(projectId: string, id: string): Promise<Erasure | null> {
    return (await erasures.find(projectId, [id]))[0] ?? null;
  }

  return {
    async plan(viewer, request) {
      const filter = filterOf(request);
      return filter.ok ? accepted(await erasures.plan(viewer.projectId, filter.value)) : filter;
    },

    async create(viewer, { idempotencyKey, ...asked }) {
      const keyFaults = checkIdempotencyKey(idempotencyKey);
      if (keyFaults.length > 0) return refused(...keyFaults);
      const requestKey = requestKeyOf(viewer, idempotencyKey, { erasure: asked });
      const findEarlier = async (): Promise<Checked<Erasure> | null> => {
        if (requestKey === null) return null;
        const read = async (id: string): Promise<Erasure | null> => await find(viewer.projectId, id);
        return await findKept(parts.idempotency, viewer, { ...requestKey, path: root }, read);
      };
      const earlier = await findEarlier();
      if (earlier !== null) return earlier;
      const filter = filterOf({ ...asked, idempotencyKey });
      if (!filter.ok) return filter;
      const { projectId } = viewer;
      const erasure = { id: newId(), projectId, filter: filter.value, keepTags: asked.keepTags };
      const created = await erasures.create(erasure, requestKey);
      if (created !== null) {
        parts.onCreated();
        return accepted(created);
      }
      const winner = await findEarlier();
      if (winner === null) throw new Error('An idempotency key was taken, and by nobody.');
      return winner;
    },
  };
}

function filterOf({ filter, subject, ids }: ErasureRequest): Checked<ErasureFilter> {
  const given = Object.entries({ filter, subject, ids }).flatMap(([name, value]) => (value === null ? [] : [name]));
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : given.join(' and ');
    return refused(refusal('INVALID', root, `Give exactly one of filter, subject and ids; ${found} was given.`));
  }
  if (subject !== null) {
    const wrong = checkSubject(subject);
    return wrong.length > 0 ? refused(...wrong) : accepted({ subject });
  }
  if (ids !== null) return idsOf(ids);
  if (filter === null || givenFields(filter).length === 0) {
    const message = 'An empty filter would erase everything. Should that be meant, give createdTo.';
    return refused(refusal('REQUIRED', [...root, 'filter'], message));
  }
  return accepted(filter);
}

function idsOf(ids: readonly string[]): Checked<ErasureFilter> {
  const path = [...root, 'ids'];
  if (ids.length < 1 || ids.length > idsAtMost) {
    const message = `ids takes 1 to ${idsAtMost} generations; ${ids.length} were given.`;
    return refused(refusal('OUT_OF_RANGE', path, message, { minimum: 1, maximum: idsAtMost, given: ids.length }));
  }
  const wrong: Refusal[] = [];
  const keys = ids.flatMap((id, n) => {
    const key = keyOf('Generation', id);
    if (key === null)
      wrong.push(refusal('INVALID', [...path, String(n)], 'This is no id of a generation.', { given: id }));
    return key ?? [];
  });
  return wrong.length > 0 ? refused(...wrong) : accepted({ ids: keys });
}
