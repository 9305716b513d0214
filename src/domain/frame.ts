import type { ParameterRule, ParameterValue } from './model.js';

type Whole = Extract<ParameterRule, { kind: 'integer' }>;
export type Sides = { width: number; height: number };

/** The sides that the inputs document as defaults, for whoever gives only one. */
const usual: Sides = { width: 1024, height: 768 };

/** Width over height of `w:h`; null for anything else. */
export function ratioOf(text: string): number | null {
  const match = /^(\d{1,4}):(\d{1,4})$/.exec(text);
  if (match === null) return null;
  const [width, height] = [Number(match[1]), Number(match[2])];
  return width > 0 && height > 0 ? width / height : null;
}

/** The ratio that a rule allows nearest to the one asked; null where there is none. */
export function nearestRatio(asked: string, rule: ParameterRule): string | null {
  const ratio = ratioOf(asked);
  if (ratio === null) return null;
  if (rule.kind === 'ratio') {
    if (ratio > (ratioOf(rule.widest) ?? Infinity)) return rule.widest;
    return ratio < (ratioOf(rule.tallest) ?? 0) ? rule.tallest : asked;
  }
  if (rule.kind !== 'choice') return null;
  const offered = rule.values.flatMap((value) => {
    const each = ratioOf(value);
    return each === null ? [] : [{ value, distance: Math.abs(Math.log(each / ratio)) }];
  });
  return offered.toSorted((a, b) => a.distance - b.distance)[0]?.value ?? null;
}

/** The ratio of two sides in lowest terms, of which one may be missing; null when the size is left to the provider. */
export function ratioText(width: ParameterValue | undefined, height: ParameterValue | undefined): string | null {
  const [w, h] = [width ?? usual.width, height ?? usual.height];
  if (!isSide(w) || !isSide(h)) return null;
  const divisor = greatestDivisor(w, h);
  return `${w / divisor}:${h / divisor}`;
}

/** Sides of this ratio with the area that the model makes by default, else one megapixel. Null: it is no ratio. */
export function sizeOfRatio(ratioGiven: ParameterValue, width: Whole, height: Whole): Sides | null {
  const ratio = typeof ratioGiven === 'string' ? ratioOf(ratioGiven) : null;
  if (ratio === null) return null;
  const area = (width.default || 1024) * (height.default || 1024);
  const long = Math.sqrt(area * ratio);
  return scaled({ width: long, height: long / ratio }, width, height);
}

/** The sides that the rules allow nearest to those asked: both by the same factor, so that the ratio stays. */
export function fitSides(asked: Sides, width: Whole, height: Whole): Sides {
  if (allows(width, asked.width) && allows(height, asked.height)) return asked;
  // Left to the provider, at a model that does not choose sizes.
  const [w, h] = [asked.width || width.default || usual.width, asked.height || height.default || usual.height];
  return scaled({ width: w, height: h }, width, height);
}

/** The multiple within the rule's range that is nearest to a value. */
export function nearestMultiple(value: number, { minimum, maximum, multipleOf: step = 1 }: Whole): number {
  const [first, last] = [Math.ceil(minimum / step) * step, Math.floor(maximum / step) * step];
  // Without the addition a rounded -0 would go out as such.
  return Math.min(Math.max(Math.round(value / step) * step, first), last) + 0;
}

function scaled(sides: Sides, width: Whole, height: Whole): Sides {
  const down = Math.min(1, width.maximum / sides.width, height.maximum / sides.height);
  const up = Math.max(1, width.minimum / (sides.width * down), height.minimum / (sides.height * down));
  return {
    width: nearestMultiple(sides.width * down * up, width),
    height: nearestMultiple(sides.height * down * up, height),
  };
}

function allows({ minimum, maximum, multipleOf = 1, special }: Whole, side: number): boolean {
  return side === special || (side >= minimum && side <= maximum && side % multipleOf === 0);
}

function isSide(value: ParameterValue): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 10_000;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
