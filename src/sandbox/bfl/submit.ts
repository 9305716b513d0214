import type { GivenImage, Size } from '../images.js';
import type { Checked, Plan } from '../submitting.js';
import { pictureSize } from '../sketching.js';
import { validate, type Values } from '../validate.js';
import type { BflEndpoint } from './endpoints.js';

/** How long BFL keeps a result (its documentation). */
const lifetimeMs = 600_000;

export function megapixels(sizes: readonly Size[]): number {
  const pixels = sizes.reduce((sum, size) => sum + size.width * size.height, 0);
  return Math.round(pixels / 10_000) / 100;
}

function withNulls(endpoint: BflEndpoint, values: Values): Values {
  const meant = Object.entries(endpoint.nulls ?? {}).filter(([name]) => values[name] === null);
  return { ...values, ...Object.fromEntries(meant) };
}

/** Checks a body against an endpoint's fields. */
export function checkBfl(endpoint: BflEndpoint, json: unknown): Checked {
  const checked = validate(endpoint.fields, json);
  return checked.ok ? { ...checked, fields: endpoint.fields } : checked;
}

/** What becomes of a validated body: request, price, time and size. */
export function planBfl(endpoint: BflEndpoint, given: Values, images: Readonly<Record<string, GivenImage>>): Plan {
  const values = withNulls(endpoint, given);
  const hashes = Object.entries(images).map(([name, { hash }]) => [name, `sha256:${hash}`]);
  return {
    cost: endpoint.cost,
    medianMs: endpoint.medianMs,
    lifetimeMs,
    request: { ...values, ...Object.fromEntries(hashes), input_mp: megapixels(Object.values(images)) },
    seed: typeof values['seed'] === 'number' ? values['seed'] : null,
    ...pictureSize(values, images['control_image'] ?? images['image']),
  };
}
