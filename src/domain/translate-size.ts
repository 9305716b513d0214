import { fitSides, nearestRatio, ratioText, sizeOfRatio, type Sides } from './frame.js';
import type { Model, ParameterName, ParameterRule, ParameterValue } from './model.js';
import { isCallers, wishSources, type Adjustment, type WishSource } from './planned-route.js';

export type Wish = { value: ParameterValue; source: WishSource };
export type Wished = Partial<Record<ParameterName, Wish>>;
type Whole = Extract<ParameterRule, { kind: 'integer' }>;
type SizeWish = { sides: Pick<Wished, 'width' | 'height'>; ratio: Wish | undefined };

/**
 * Width and height belong together, and a model may go by their ratio instead, or the other way round: a wish in the form
 * that the model does not know is said in the one that it knows.
 */
export function translateSize(model: Model, wished: Wished): { wished: Wished; adjustments: Adjustment[] } {
  const { width: widthRule, height: heightRule, aspectRatio: ratioRule } = model.parameters;
  const { width, height, aspectRatio, ...others } = wished;
  const sides = { ...(width && { width }), ...(height && { height }) };
  const asked: SizeWish = { sides, ratio: aspectRatio };
  if (isWhole(widthRule) && isWhole(heightRule)) {
    const native =
      ratioRule === undefined ? bySides(model, asked, widthRule, heightRule) : { ...asked, adjustments: [] };
    const fitted = fit(model, native.sides, widthRule, heightRule);
    return {
      wished: { ...others, ...fitted.sides, ...(native.ratio && { aspectRatio: native.ratio }) },
      adjustments: [...native.adjustments, ...fitted.adjustments],
    };
  }
  if (ratioRule === undefined) return { wished, adjustments: [] };
  const { ratio, adjustments } = byRatio(model, asked, ratioRule);
  return { wished: { ...others, ...(ratio && { aspectRatio: ratio }) }, adjustments };
}

/** For a model that goes by sides only. */
function bySides(
  model: Model,
  { sides, ratio }: SizeWish,
  width: Whole,
  height: Whole,
): SizeWish & { adjustments: Adjustment[] } {
  const nothing = { sides, ratio: undefined, adjustments: [] };
  if (ratio === undefined) return nothing;
  const sized = outranks(ratio, sides) ? sizeOfRatio(ratio.value, width, height) : null;
  if (sized === null) {
    const reason = `${model.id} takes no ratio; the size in pixels decides.`;
    return { ...nothing, adjustments: dropped({ aspectRatio: ratio }, reason) };
  }
  const { source } = ratio;
  const reason = `${model.id} takes no ratio: ${sized.width} x ${sized.height} pixels are sent.`;
  return {
    sides: { width: { value: sized.width, source }, height: { value: sized.height, source } },
    ratio: undefined,
    adjustments: [{ parameter: 'aspectRatio', asked: ratio.value, sent: null, source, reason }],
  };
}

/** For a model that goes by the ratio only. */
function byRatio(
  model: Model,
  { sides, ratio }: SizeWish,
  rule: ParameterRule,
): { ratio: Wish | undefined; adjustments: Adjustment[] } {
  const first = sides.width ?? sides.height;
  if (first === undefined) return { ratio, adjustments: [] };
  const text =
    ratio === undefined || outranksRatio(sides, ratio) ? ratioText(sides.width?.value, sides.height?.value) : null;
  const sent = text === null ? null : nearestRatio(text, rule);
  if (sent === null) {
    return { ratio, adjustments: dropped(sides, `${model.id} takes no size in pixels; the ratio decides.`) };
  }
  const reason = `${model.id} takes no size in pixels: the ratio ${sent} is sent.`;
  return { ratio: { value: sent, source: first.source }, adjustments: toldOf(sides, reason) };
}

function fit(
  model: Model,
  sides: SizeWish['sides'],
  widthRule: Whole,
  heightRule: Whole,
): { sides: SizeWish['sides']; adjustments: Adjustment[] } {
  const asked: Sides = { width: numberOf(sides.width, widthRule), height: numberOf(sides.height, heightRule) };
  // A kept default of the wrong kind is no size; the table deals with it.
  if (Number.isNaN(asked.width) || Number.isNaN(asked.height)) return { sides, adjustments: [] };
  const fitted = fitSides(asked, widthRule, heightRule);
  const adjusted: SizeWish['sides'] = {};
  const adjustments: Adjustment[] = [];
  for (const [name, rule] of [['width', widthRule] as const, ['height', heightRule] as const]) {
    const wish = sides[name];
    if (wish === undefined) continue;
    const value = fitted[name];
    adjusted[name] = { ...wish, value };
    if (value === wish.value) continue;
    const steps = rule.multipleOf === undefined ? '' : `, a multiple of ${rule.multipleOf}`;
    const reason = `${model.id} takes ${rule.minimum} to ${rule.maximum}${steps}; the other side keeps the ratio.`;
    adjustments.push({ parameter: name, asked: wish.value, sent: value, source: wish.source, reason });
  }
  return { sides: adjusted, adjustments };
}

/** The side that is wished, or that the model makes when none is; NaN for what is no number. */
function numberOf(wish: Wish | undefined, rule: Whole): number {
  if (wish === undefined) return rule.default ?? rule.special ?? rule.minimum;
  return typeof wish.value === 'number' && Number.isFinite(wish.value) ? wish.value : Number.NaN;
}

/** Whether the ratio decides: nobody as strong asked for sides. */
function outranks(ratio: Wish, sides: SizeWish['sides']): boolean {
  return Object.values(sides).every(({ source }) => wishSources.indexOf(ratio.source) < wishSources.indexOf(source));
}

function outranksRatio(sides: SizeWish['sides'], ratio: Wish): boolean {
  return Object.values(sides).some(({ source }) => wishSources.indexOf(source) < wishSources.indexOf(ratio.source));
}

function toldOf(wishes: Wished, reason: string): Adjustment[] {
  const names = ['width', 'height', 'aspectRatio'] as const;
  return names.flatMap((parameter) => {
    const wish = wishes[parameter];
    return wish === undefined ? [] : [{ parameter, asked: wish.value, sent: null, source: wish.source, reason }];
  });
}

/** What only a default asked for is left out in silence. */
function dropped(wishes: Wished, reason: string): Adjustment[] {
  return toldOf(wishes, reason).filter(({ source }) => isCallers(source));
}

function isWhole(rule: ParameterRule | undefined): rule is Whole {
  return rule?.kind === 'integer';
}
