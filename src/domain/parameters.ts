import { ratioOf } from './frame.js';
import { refusal, type Checked, type Refusal } from './refusal.js';
import {
  parameterNames,
  type Model,
  type ParameterName,
  type ParameterRule,
  type ParameterRules,
  type ParameterValue,
  type ParameterValues,
} from './model.js';

/** Parameters as somebody asked for them; null and undefined both mean "not given". */
export type AskedParameters = Readonly<Partial<Record<ParameterName, ParameterValue | null | undefined>>>;

/** Only what was really given: no nulls. */
export function givenParameters(asked: AskedParameters): ParameterValues {
  const values: Partial<Record<ParameterName, ParameterValue>> = {};
  for (const name of parameterNames) {
    const value = asked[name] ?? null;
    if (value !== null) values[name] = value;
  }
  return values;
}

/** One place that parameters come from, and how errors name it. */
export type ParameterSource = { values: AskedParameters; path: readonly string[] };

/**
 * The parameters to send for `model`: the first source that gives one wins (request, binding, profile), then the model's
 * default. A parameter that the caller asked for and the model does not take is refused; one from a profile's defaults
 * is left out, since a profile serves models of several kinds.
 */
export function resolveParameters(
  model: Model,
  request: ParameterSource,
  ...fallbacks: ParameterSource[]
): Checked<Partial<Record<ParameterName, ParameterValue>>> {
  const refusals: Refusal[] = [];
  const value: Partial<Record<ParameterName, ParameterValue>> = {};
  for (const name of parameterNames) {
    const rule = model.parameters[name];
    const asked = request.values[name] ?? null;
    if (rule === undefined) {
      if (asked !== null) {
        refusals.push(takesNo(model, [...request.path, name], asked));
      }
      continue;
    }
    const source = [request, ...fallbacks].find((candidate) => (candidate.values[name] ?? null) !== null);
    const given = source?.values[name] ?? null;
    if (source !== undefined && given !== null) {
      refusals.push(...checkParameter(rule, given, [...source.path, name]));
      value[name] = given;
    } else if (rule.default !== null) {
      value[name] = rule.default;
    }
  }
  refusals.push(...checkThresholds(value, request));
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, value };
}

/** Refuses what a model does not take, the last of `path`, with the catalogue's word on where to go instead. */
export function takesNo(model: Model, path: readonly string[], given?: unknown): Refusal {
  const message = [`${model.id} takes no ${path.at(-1) ?? 'such value'}.`, model.note ?? ''].join(' ').trim();
  return refusal('UNSUPPORTED', path, message, given === undefined ? {} : { given });
}

/** Refuses to go without an input image that a model cannot do without, the last of `path`. */
export function needs(model: Model, path: readonly string[]): Refusal {
  return refusal('REQUIRED', path, `${path.at(-1) ?? 'An image'} is missing: ${model.id} cannot do without it.`);
}

/** OpenCV's Canny swaps crossed thresholds in silence; a caller who crosses them has made a mistake. */
export function checkThresholds(
  value: Partial<Record<ParameterName, ParameterValue>>,
  request: ParameterSource,
): Refusal[] {
  const { cannyLowThreshold: low, cannyHighThreshold: high } = value;
  if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return [];
  const message = `cannyLowThreshold (${low}) is above cannyHighThreshold (${high}).`;
  // Told of the one that was given: the other may be a default.
  return (request.values.cannyLowThreshold ?? null) === null
    ? [refusal('INVALID', [...request.path, 'cannyHighThreshold'], message, { minimum: low, given: high })]
    : [refusal('INVALID', [...request.path, 'cannyLowThreshold'], message, { maximum: high, given: low })];
}

/** Holds one value against its rule. */
export function checkParameter(rule: ParameterRule, given: ParameterValue, path: readonly string[]): Refusal[] {
  const name = path.at(-1) ?? 'value';
  switch (rule.kind) {
    case 'integer':
    case 'number':
      return checkNumber(rule, given, path, name);
    case 'boolean':
      return typeof given === 'boolean' ? [] : [refusal('INVALID', path, `${name} must be true or false.`, { given })];
    case 'choice':
      return typeof given === 'string' && rule.values.includes(given)
        ? []
        : [refusal('INVALID', path, `${name} must be one of ${rule.values.join(', ')}.`, { given })];
    case 'ratio':
      return checkRatio(rule, given, path, name);
  }
}

function checkNumber(
  rule: Extract<ParameterRule, { kind: 'integer' | 'number' }>,
  given: ParameterValue,
  path: readonly string[],
  name: string,
): Refusal[] {
  const { minimum, maximum } = rule;
  if (typeof given !== 'number' || !Number.isFinite(given)) {
    return [refusal('INVALID', path, `${name} must be a number.`, { minimum, maximum, given })];
  }
  if (rule.kind === 'integer') {
    if (given === rule.special) return [];
    if (!Number.isInteger(given)) {
      return [refusal('INVALID', path, `${name} must be a whole number.`, { minimum, maximum, given })];
    }
  }
  if (given < minimum || given > maximum) {
    const also = rule.kind === 'integer' && rule.special !== undefined ? `, or ${rule.special}` : '';
    const message = `${name} must be from ${minimum} to ${maximum}${also}; ${given} was given.`;
    return [refusal('OUT_OF_RANGE', path, message, { minimum, maximum, given })];
  }
  if (rule.kind === 'integer' && rule.multipleOf !== undefined && given % rule.multipleOf !== 0) {
    const message = `${name} must be a multiple of ${rule.multipleOf}; ${given} was given.`;
    return [refusal('INVALID', path, message, { minimum, maximum, given })];
  }
  return [];
}

function checkRatio(
  rule: Extract<ParameterRule, { kind: 'ratio' }>,
  given: ParameterValue,
  path: readonly string[],
  name: string,
): Refusal[] {
  const allowed = `from ${rule.widest} to ${rule.tallest}`;
  const ratio = typeof given === 'string' ? ratioOf(given) : null;
  if (ratio === null) return [refusal('INVALID', path, `${name} must be width:height, ${allowed}.`, { given })];
  const [widest, tallest] = [ratioOf(rule.widest) ?? Infinity, ratioOf(rule.tallest) ?? 0];
  if (ratio > widest || ratio < tallest) {
    return [refusal('OUT_OF_RANGE', path, `${name} must be ${allowed}; ${given} was given.`, { given })];
  }
  return [];
}

/**
 * What of a request may not be asked here at all: what neither every caller may ask of this control kind nor the model
 * itself takes. Whatever else the model does not take is brought near (domain/translate.ts).
 */
export function checkAsked(model: Model, callerRules: ParameterRules, request: ParameterSource): Refusal[] {
  return parameterNames.flatMap((name) => {
    const given = request.values[name] ?? null;
    const rules = [model.parameters[name], callerRules[name]].filter((rule) => rule !== undefined);
    if (given === null) return [];
    const path = [...request.path, name];
    if (rules.length === 0) return [takesNo(model, path, given)];
    if (rules.some((rule) => checkParameter(rule, given, path).length === 0)) return [];
    return checkParameter(hullOf(rules), given, path);
  });
}

/** One rule for the ranges of all, where they are ranges. */
function hullOf(rules: readonly [ParameterRule, ...ParameterRule[]] | readonly ParameterRule[]): ParameterRule {
  const [first, second] = rules;
  if (first === undefined) throw new Error('There is no hull of nothing.');
  if (second === undefined || first.kind !== second.kind) return first;
  if (first.kind !== 'integer' && first.kind !== 'number') return first;
  if (second.kind !== 'integer' && second.kind !== 'number') return first;
  const { minimum, maximum } = second;
  return { ...first, minimum: Math.min(first.minimum, minimum), maximum: Math.max(first.maximum, maximum) };
}
