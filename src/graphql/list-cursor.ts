import { createHash } from 'node:crypto';
import { givenFields, listOrders, type ListQuery, type ListWindow, type Place } from '../domain/listing.js';
import { DarkroomError } from '../errors.js';
import { pageBounds } from './connection.js';

/** What a caller asks of a list's window. */
export type WindowArgs = {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
};

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** The plain list's cursors are shorter: they are the same as those of every list by id. */
const plain = new RegExp(`^v1:(${uuid})$`);
const other = new RegExp(`^v2:([0-9a-f]{16}):(-?[0-9]{0,19}):((?:${uuid})?):(${uuid})$`);

export function isPlain({ filter, search, orderBy }: ListQuery): boolean {
  return givenFields(filter).length === 0 && search === null && orderBy === 'NEWEST';
}

/** Tells lists apart, so that a place in one is not taken for a place in another. */
function nameOf({ filter, search, orderBy }: ListQuery): string {
  const conditions = Object.entries(filter)
    .filter(([, value]) => value != null)
    .toSorted(([one], [two]) => (one < two ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([orderBy, search, conditions]))
    .digest('hex')
    .slice(0, 16);
}

export function cursorOf(query: ListQuery, { id, value, newest }: Place): string {
  const text = isPlain(query) ? `v1:${id}` : `v2:${nameOf(query)}:${value ?? ''}:${newest ?? ''}:${id}`;
  return Buffer.from(text).toString('base64url');
}

function placeOf(query: ListQuery, cursor: string, name: 'after' | 'before'): Place {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const plainId = plain.exec(text)?.[1];
  const parts = other.exec(text);
  const [, list, value = '', newest = '', id = ''] = parts ?? [];
  if (plainId === undefined && parts === null)
    throw new DarkroomError('BAD_REQUEST', `${name} is no cursor of this list.`);
  if (isPlain(query) && plainId !== undefined) return { id: plainId, value: null, newest: null };
  if (isPlain(query) || list !== nameOf(query)) {
    const message = `${name} is a cursor of a list with another filter, search or order; ask for this one from its beginning.`;
    throw new DarkroomError('BAD_REQUEST', message);
  }
  const ordered = listOrders[query.orderBy].value;
  const whole = (value !== '') === (ordered !== null) && (newest !== '') === (ordered === 'rank');
  if (!whole || !inRange(value)) throw new DarkroomError('BAD_REQUEST', `${name} is no cursor of this list.`);
  return { id, value: value === '' ? null : value, newest: newest === '' ? null : newest };
}

/** What the database takes for a bigint. */
function inRange(value: string): boolean {
  return value === '' || (value !== '-' && BigInt.asIntN(64, BigInt(value)) === BigInt(value));
}

/** The page asked for: one row more than wanted is to be read, to know whether more follow. */
export function listWindow(query: ListQuery, { first, after, last, before }: WindowArgs): ListWindow {
  const backwards = last != null || before != null;
  // The default cannot be told from the same number given.
  if (backwards && ((first != null && first !== pageBounds.byDefault) || after != null)) {
    throw new DarkroomError('BAD_REQUEST', 'Give first and after, or last and before, not both.');
  }
  const [name, count] = backwards ? ['last', last ?? pageBounds.byDefault] : ['first', first ?? pageBounds.byDefault];
  if (count < 1 || count > pageBounds.maximum) {
    throw new DarkroomError('BAD_REQUEST', `${name} must be from 1 to ${pageBounds.maximum}; ${count} was given.`);
  }
  const [cursor, from] = backwards ? [before, 'before' as const] : [after, 'after' as const];
  return { limit: count + 1, place: cursor == null ? null : placeOf(query, cursor, from), backwards };
}
