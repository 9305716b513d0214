import {
  coerceInputValue,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  type GraphQLInputField,
  type GraphQLSchema,
} from 'graphql';
import { z } from 'zod';
import { checkSearch } from '../domain/check-list.js';
import type { ExportAsked, ExportFormat } from '../domain/export.js';
import type { ListFilter } from '../domain/listing.js';
import { shown } from '../domain/refusal.js';
import { DarkroomError } from '../errors.js';
import { filterOf } from '../graphql/generation.js';
import { columnsOf } from '../service/exports.js';

/** Fastify's query: a name that comes more than once is a list. */
const querySchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const ownNames = new Set(['filter', 'search', 'columns', 'bom']);

function refuse(message: string): never {
  throw new DarkroomError('BAD_REQUEST', message);
}

/**
 * What an address asks for: `filter` is a GenerationFilter as JSON, and each field of one whose values are single words may
 * also stand by itself (`status=FAILED&status=EXPIRED&createdFrom=2026-11-01T00:00:00Z`). Both are read by the GraphQL type.
 */
export function createExportQuery(schema: GraphQLSchema): (query: unknown, format: ExportFormat) => ExportAsked {
  const type = schema.getType('GenerationFilter');
  if (!isInputObjectType(type)) throw new Error('The schema has no GenerationFilter.');
  const filterType = type;
  const fields = type.getFields();

  function readFilter(given: Record<string, string | string[]>): ListFilter {
    const value = { ...readJson(given['filter']) };
    for (const [name, text] of Object.entries(given)) {
      if (ownNames.has(name)) continue;
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (field === undefined || !isLeafType(getNamedType(field.type))) {
        const known = Object.values(fields).flatMap((each) => (isLeafType(getNamedType(each.type)) ? each.name : []));
        refuse(`${shown(name)} is no parameter of an export; there are ${[...ownNames, ...known].join(', ')}.`);
      }
      if (value[name] != null) refuse(`${name} was given twice: in filter and by itself.`);
      value[name] = fromText(field, text);
    }
    const coerced: unknown = coerceInputValue(value, filterType, (path, wrong, error) =>
      refuse(`${['filter', ...path].join('.')}: ${error.message} ${shown(wrong)} was given.`),
    );
    // Coerced by the type that the resolver of lists gets its filter from.
    return filterOf(coerced as ListFilter);
  }

  return (query, format) => {
    const given = querySchema.safeParse(query);
    if (!given.success) refuse('The query of the address cannot be read.');
    const { search: searched, columns, bom } = given.data;
    const search = only('search', searched);
    checkSearch({ search, orderBy: 'OLDEST' });
    return {
      format,
      filter: readFilter(given.data),
      search,
      columns: columnsOf(only('columns', columns)?.split(',') ?? null, 'columns'),
      bom: flag('bom', only('bom', bom) ?? 'false'),
    };
  };
}

function only(name: string, given: string | string[] | undefined): string | null {
  if (Array.isArray(given)) refuse(`${name} must be given once; it came ${given.length} times.`);
  return given ?? null;
}

function flag(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') refuse(`${name} must be true or false; ${shown(text)} was given.`);
  return text === 'true';
}

function readJson(given: string | string[] | undefined): Record<string, unknown> {
  const text = only('filter', given);
  if (text === null) return {};
  const schema = z.record(z.string(), z.unknown());
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return refuse(`filter must be a JSON object, as in GraphQL; ${shown(text)} was given.`);
  }
}

/** A value as GraphQL's variables would bring it. */
function fromText({ name, type }: GraphQLInputField, given: string | string[]): unknown {
  const each = (text: string): unknown => {
    const word = getNamedType(type).name;
    if (word === 'Boolean') return flag(name, text);
    if (word === 'SafeInt' || word === 'Int') return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
    return text;
  };
  const isList = isListType(getNullableType(type));
  if (isList) return [given].flat().map(each);
  return each(only(name, given) ?? '');
}
