import { nearestMultiple, nearestRatio } from './frame.js';
import { parameterNames, type Model, type ParameterName, type ParameterRule, type ParameterValue } from './model.js';
import { checkParameter, type AskedParameters } from './parameters.js';
import { isCallers, wishSources, type Adjustment, type WishSource } from './planned-route.js';
import { translateSize, type Wished } from './translate-size.js';

export type Translated = {
  parameters: Partial<Record<ParameterName, ParameterValue>>;
  adjustments: Adjustment[];
};

type Change = { sent: ParameterValue | null; reason: string };
/** What is sent for a wish that breaks the model's rule. */
type Nearest = (wished: ParameterValue, rule: ParameterRule, model: Model) => Change;

/**
 * What becomes of each parameter at a model that does not take the wish as it is. Sizes have been brought into the model's
 * form and range before (domain/translate-size.ts).
 */
const translations: Readonly<Record<ParameterName, Nearest>> = {
  finetuneStrength: nearestNumber,
  width: nearestNumber,
  height: nearestNumber,
  aspectRatio: nearestFrame,
  steps: nearestNumber,
  guidance: nearestNumber,
  seed: foldedSeed,
  promptUpsampling: byDefault,
  safetyTolerance: nearestNumber,
  outputFormat: byDefault,
  cannyLowThreshold: nearestNumber,
  cannyHighThreshold: nearestNumber,
  imagePromptStrength: nearestNumber,
};

/** Values that say the same as nothing does: to leave them out changes no meaning. */
const saysNothing: Readonly<Partial<Record<ParameterName, ParameterValue>>> = { promptUpsampling: false };

/**
 * The parameters to send for `model`, each as near to the wish as the model takes. A default of the profile that the model
 * has no parameter for is left out in silence, since a profile serves models of several kinds; one whose value is changed is
 * told like a wish of the caller's. The model's own defaults are nobody's wish.
 */
export function translate(model: Model, wishes: Wished): Translated {
  const { wished, adjustments } = translateSize(model, wishes);
  const parameters: Translated['parameters'] = {};
  for (const name of parameterNames) {
    const rule = model.parameters[name];
    const wish = wished[name];
    if (rule === undefined) {
      if (wish === undefined || !isCallers(wish.source) || wish.value === saysNothing[name]) continue;
      const reason = [`${model.id} has no such parameter.`, model.note ?? ''].join(' ').trim();
      adjustments.push({ parameter: name, asked: wish.value, sent: null, source: wish.source, reason });
    } else if (wish === undefined) {
      if (rule.default !== null) parameters[name] = rule.default;
    } else if (checkParameter(rule, wish.value, [name]).length === 0) {
      parameters[name] = wish.value;
    } else {
      const { sent, reason } = translations[name](wish.value, rule, model);
      if (sent !== null) parameters[name] = sent;
      adjustments.push({ parameter: name, asked: wish.value, sent, source: wish.source, reason });
    }
  }
  return { parameters, adjustments };
}

/** Of each parameter the strongest wish. */
export function strongestWishes(wishes: Readonly<Record<WishSource, AskedParameters>>): Wished {
  const wished: Wished = {};
  for (const name of parameterNames) {
    for (const source of wishSources) {
      const value = wishes[source][name] ?? null;
      if (value !== null) wished[name] ??= { value, source };
    }
  }
  return wished;
}

function nearestNumber(wished: ParameterValue, rule: ParameterRule, model: Model): Change {
  if (rule.kind === 'choice' && rule.values.includes(String(wished))) {
    return { sent: String(wished), reason: `${model.id} takes it as a word.` };
  }
  if ((rule.kind !== 'integer' && rule.kind !== 'number') || typeof wished !== 'number' || !Number.isFinite(wished)) {
    return byDefault(wished, rule, model);
  }
  const { minimum, maximum } = rule;
  if (rule.kind === 'number') {
    const sent = Math.min(Math.max(wished, minimum), maximum);
    return { sent, reason: `${model.id} takes ${minimum} to ${maximum}.` };
  }
  const steps = rule.multipleOf === undefined ? 'whole numbers' : `multiples of ${rule.multipleOf}`;
  return { sent: nearestMultiple(wished, rule), reason: `${model.id} takes ${steps} from ${minimum} to ${maximum}.` };
}

/** A seed is folded into the range, so that different seeds mostly stay different. */
function foldedSeed(wished: ParameterValue, rule: ParameterRule, model: Model): Change {
  if (rule.kind !== 'integer' || typeof wished !== 'number' || !Number.isInteger(wished)) {
    return nearestNumber(wished, rule, model);
  }
  const first = BigInt(rule.minimum);
  const count = BigInt(rule.maximum) - first + 1n;
  const place = (BigInt(wished) - first) % count;
  const sent = Number(first + (place < 0n ? place + count : place));
  return { sent, reason: `${model.id} takes seeds from ${rule.minimum} to ${rule.maximum}; it was folded into these.` };
}

function byDefault(_wished: ParameterValue, rule: ParameterRule, model: Model): Change {
  const taken = rule.kind === 'choice' ? `only ${rule.values.join(', ')}` : `only a ${rule.kind}`;
  return { sent: rule.default, reason: `${model.id} takes ${taken}.` };
}

function nearestFrame(wished: ParameterValue, rule: ParameterRule, model: Model): Change {
  const sent = typeof wished === 'string' ? nearestRatio(wished, rule) : null;
  if (sent === null) return byDefault(wished, rule, model);
  return { sent, reason: `${model.id} does not take this ratio.` };
}
