import { isRecord } from './body.js';

/** One entry of a FastAPI `HTTPValidationError` (BFL OpenAPI, April 2026). */
export type Complaint = { loc: (string | number)[]; msg: string; type: string };

type Common = { readonly required?: true; readonly nullable?: true };

/** The rule of one field. Bounds are inclusive. */
export type Field = Common &
  (
    | { readonly type: 'string'; readonly default?: string; readonly minLength?: number; readonly maxLength?: number }
    | { readonly type: 'url'; readonly maxLength: number }
    | { readonly type: 'integer' | 'number'; readonly default?: number; readonly range?: readonly [number, number] }
    | {
        readonly type: 'size';
        readonly default: number;
        readonly range: readonly [number, number];
        readonly step: number;
      }
    | { readonly type: 'autoSize' }
    | { readonly type: 'boolean'; readonly default: boolean }
    | { readonly type: 'choice'; readonly default: string; readonly choices: readonly string[] }
    | { readonly type: 'ratio'; readonly default: string }
    | {
        readonly type: 'image';
        readonly orUrl?: true;
        /** Whether the base64 may or must be in a data URI; absent: it is bare. */
        readonly dataUri?: 'may' | 'must';
      }
  );

export type Fields = Readonly<Record<string, Field>>;
export type Values = Record<string, string | number | boolean | null>;
type Problem = { msg: string; type: string };

function inRange(value: number, [least, most]: readonly [number, number]): Problem | null {
  if (value < least) return { msg: `Input should be greater than or equal to ${least}`, type: 'greater_than_equal' };
  if (value > most) return { msg: `Input should be less than or equal to ${most}`, type: 'less_than_equal' };
  return null;
}

function checkNumber(value: unknown, integer: boolean, range?: readonly [number, number]): Problem | null {
  if (typeof value !== 'number') {
    const [name, type] = integer ? ['integer', 'int_type'] : ['number', 'float_type'];
    return { msg: `Input should be a valid ${name}`, type };
  }
  if (integer && !Number.isInteger(value)) {
    return { msg: 'Input should be a valid integer, got a number with a fractional part', type: 'int_from_float' };
  }
  return range === undefined ? null : inRange(value, range);
}

function characters(count: number): string {
  return `${count} character${count === 1 ? '' : 's'}`;
}

function checkString(value: unknown, minLength = 0, maxLength = Infinity): Problem | null {
  if (typeof value !== 'string') return { msg: 'Input should be a valid string', type: 'string_type' };
  if (value.length < minLength) {
    return { msg: `String should have at least ${characters(minLength)}`, type: 'string_too_short' };
  }
  if (value.length > maxLength) {
    return { msg: `String should have at most ${characters(maxLength)}`, type: 'string_too_long' };
  }
  return null;
}

function checkUrl(value: unknown, maxLength: number): Problem | null {
  if (typeof value !== 'string') return { msg: 'URL input should be a string or URL', type: 'url_type' };
  if (value.length > maxLength) return { msg: `URL should have at most ${maxLength} characters`, type: 'url_too_long' };
  if (value === '') return { msg: 'Input should be a valid URL, input is empty', type: 'url_parsing' };
  if (!URL.canParse(value))
    return { msg: 'Input should be a valid URL, relative URL without a base', type: 'url_parsing' };
  return /^https?:/i.test(value) ? null : { msg: "URL scheme should be 'http' or 'https'", type: 'url_scheme' };
}

function checkChoice(value: unknown, choices: readonly string[]): Problem | null {
  if (typeof value === 'string' && choices.includes(value)) return null;
  const quoted = choices.map((choice) => `'${choice}'`);
  return { msg: `Input should be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`, type: 'enum' };
}

/** Width over height of a ratio such as `16:9`, or null when it is none. */
export function readRatio(text: string): number | null {
  const match = /^(\d{1,4}):(\d{1,4})$/.exec(text);
  const ratio = Number(match?.[1]) / Number(match?.[2]);
  return Number.isFinite(ratio) && ratio > 0 ? ratio : null;
}

function checkRatio(value: unknown): Problem | null {
  if (typeof value !== 'string') return { msg: 'Input should be a valid string', type: 'string_type' };
  const ratio = readRatio(value);
  if (ratio !== null && ratio >= 9 / 21 && ratio <= 21 / 9) return null;
  return { msg: 'Value error, aspect ratio must be between 21:9 and 9:21', type: 'value_error' };
}

function checkAutoSize(value: unknown): Problem | null {
  return checkNumber(value, true) ?? (value === 0 ? null : checkNumber(value, true, [64, Infinity]));
}

function check(field: Field, value: unknown): Problem | null {
  switch (field.type) {
    case 'string':
      return checkString(value, field.minLength, field.maxLength);
    case 'image':
      return checkString(value);
    case 'url':
      return checkUrl(value, field.maxLength);
    case 'integer':
    case 'number':
      return checkNumber(value, field.type === 'integer', field.range);
    case 'size': {
      const problem = checkNumber(value, true, field.range);
      if (problem !== null || Number(value) % field.step === 0) return problem;
      return { msg: `Input should be a multiple of ${field.step}`, type: 'multiple_of' };
    }
    case 'autoSize':
      return checkAutoSize(value);
    case 'boolean':
      return typeof value === 'boolean' ? null : { msg: 'Input should be a valid boolean', type: 'bool_type' };
    case 'choice':
      return checkChoice(value, field.choices);
    case 'ratio':
      return checkRatio(value);
    default:
      return field satisfies never;
  }
}

function defaultOf(field: Field): Values[string] {
  return 'default' in field ? (field.default ?? null) : null;
}

/**
 * Checks a parsed body against the rules, as FastAPI with Pydantic 2 does: all complaints at once, in the order of the
 * fields; unknown fields are ignored (and reported to the caller). Stricter than Pydantic in one point on purpose: "40"
 * is no number here, so that a client that sends text for numbers is noticed. `at` is where the fields stand.
 */
export function validate(
  fields: Fields,
  body: unknown,
  at: readonly string[] = ['body'],
): { ok: true; values: Values; ignored: string[] } | { ok: false; complaints: Complaint[] } {
  if (!isRecord(body)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return { ok: false, complaints: [{ loc: [...at], msg, type: 'model_attributes_type' }] };
  }
  const complaints: Complaint[] = [];
  const values: Values = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = body[name];
    if (value === undefined) {
      if (field.required) complaints.push({ loc: [...at, name], msg: 'Field required', type: 'missing' });
      else values[name] = defaultOf(field);
    } else if (value === null && field.nullable) {
      values[name] = null;
    } else {
      const problem = check(field, value);
      if (problem !== null) complaints.push({ loc: [...at, name], ...problem });
      else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        values[name] = value;
    }
  }
  if (complaints.length > 0) return { ok: false, complaints };
  return { ok: true, values, ignored: Object.keys(body).filter((name) => !Object.hasOwn(fields, name)) };
}
