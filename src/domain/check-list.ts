import { DarkroomError } from '../errors.js';
import { listOrders, type ListFilter, type ListQuery, type Range } from './listing.js';
import { shown } from './refusal.js';

/** Bounds of what a list may be asked for. Texts in characters. */
export const listBounds = { values: 50, valueCharacters: 200, tags: 20, tagCharacters: 64, searchCharacters: 200 };

const earliest = new Date(0);
const latest = new Date(Date.UTC(9999, 11, 31));

/** Refuses a search or an order, with field and range, that cannot be answered. */
export function checkSearch({ search, orderBy }: Pick<ListQuery, 'search' | 'orderBy'>): void {
  if (search !== null) checkText('search', search, listBounds.searchCharacters);
  checkOrder(search, orderBy);
}

/** Refuses, with field and range, what no index and no reader should be troubled with. */
export function checkFilter(filter: ListFilter): void {
  const { values, valueCharacters, tags, tagCharacters } = listBounds;
  for (const name of ['status', 'control'] as const) checkLength(`filter.${name}`, filter[name], values);
  for (const name of ['provider', 'model', 'errorCode'] as const) {
    checkTexts(`filter.${name}`, filter[name], values, valueCharacters);
  }
  for (const name of ['anyTag', 'allTags'] as const) checkTexts(`filter.${name}`, filter[name], tags, tagCharacters);
  for (const name of ['costMicros', 'runMs', 'totalMs'] as const) {
    checkRange(`filter.${name}`, filter[name], 0, Number.MAX_SAFE_INTEGER);
  }
  if (filter.subject != null) checkText('filter.subject', filter.subject, valueCharacters);
  checkRange('filter.rating', filter.rating, 1, 5);
  checkTimes(filter);
}

function refuse(message: string): never {
  throw new DarkroomError('BAD_REQUEST', message);
}

function checkLength(path: string, list: readonly unknown[] | null | undefined, most: number): void {
  if (list != null && list.length > most) refuse(`${path} takes at most ${most} values; ${list.length} were given.`);
}

function checkTexts(path: string, list: readonly string[] | null | undefined, most: number, characters: number): void {
  checkLength(path, list, most);
  for (const [n, text] of (list ?? []).entries()) checkText(`${path}[${n}]`, text, characters);
}

function checkText(path: string, text: string, most: number): void {
  const length = Array.from(text.trim()).length;
  if (length < 1 || length > most) refuse(`${path} must have 1 to ${most} characters; it has ${length}.`);
  if (text.includes('\u0000') || !text.isWellFormed()) refuse(`${path} holds a character that no text has.`);
}

function checkRange(path: string, range: Range | null | undefined, lowest: number, highest: number): void {
  if (range == null) return;
  for (const end of ['from', 'to'] as const) {
    const value = range[end];
    if (value != null && (value < lowest || value > highest)) {
      refuse(`${path}.${end} must be from ${lowest} to ${highest}; ${shown(value)} was given.`);
    }
  }
  const { from, to } = range;
  if (from != null && to != null && from > to) refuse(`${path}.from (${from}) must not lie above ${path}.to (${to}).`);
}

function checkTimes({ createdFrom, createdTo }: ListFilter): void {
  for (const [name, time] of Object.entries({ createdFrom, createdTo })) {
    if (time == null || (time >= earliest && time <= latest)) continue;
    refuse(`filter.${name} must lie between the years 1970 and 9999; ${shown(time)} was given.`);
  }
  if (createdFrom == null || createdTo == null || createdFrom <= createdTo) return;
  const times = `${createdFrom.toISOString()} and ${createdTo.toISOString()} were given`;
  refuse(`filter.createdFrom must not lie after filter.createdTo; ${times}.`);
}

function checkOrder(search: string | null, orderBy: ListQuery['orderBy']): void {
  const { value } = listOrders[orderBy];
  if (search === null && value === 'rank') refuse('orderBy: RELEVANCE needs a search.');
  if (search !== null && value !== null && value !== 'rank') {
    refuse(`A search is in the order NEWEST, OLDEST or RELEVANCE; orderBy: ${orderBy} was given.`);
  }
}
