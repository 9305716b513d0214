// Draws examples/control.jpg, the demo's control image: `tsx examples/make-control.ts`. A bottle, an apple and a lemon on a
// table by a window, rendered by walking rays through distance fields: soft shadows, reflections, and a little grain.
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

type Vector = readonly [number, number, number];
type Thing = 'table' | 'wall' | 'bottle' | 'label' | 'cap' | 'apple' | 'stalk' | 'lemon';

const width = 768;
const height = 512;
const camera: Vector = [0.1, 1.7, 5.6];
const target: Vector = [0.22, 1, 0];
const zoom = 2.95;
/** The window is a bright rectangle to the left; its middle is where light seems to come from. */
const light: Vector = [-3.6, 3.1, 2.1];
const lightReach = 0.8;

const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const sub = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const scale = (a: Vector, k: number): Vector => [a[0] * k, a[1] * k, a[2] * k];
const times = (a: Vector, b: Vector): Vector => [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
const norm = (a: Vector): Vector => scale(a, 1 / Math.hypot(...a));
const clamp = (x: number, low = 0, high = 1): number => Math.min(high, Math.max(low, x));
const smooth = (low: number, high: number, x: number): number => {
  const t = clamp((x - low) / (high - low));
  return t * t * (3 - 2 * t);
};
const mix = (a: Vector, b: Vector, t: number): Vector => add(scale(a, 1 - t), scale(b, t));

/** The same number for the same place, between 0 and 1. */
function hash(x: number, y: number, z = 0): number {
  const s = Math.sin(x * 127.1 + y * 311.7 + z * 74.7) * 43_758.5453;
  return s - Math.floor(s);
}

function noise(x: number, y: number, z = 0): number {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(0, 1, x - i), smooth(0, 1, y - j)];
  const row = (k: number): number => hash(i, j + k, z) * (1 - u) + hash(i + 1, j + k, z) * u;
  return row(0) * (1 - v) + row(1) * v;
}

/** Radius of the bottle at a height: body, shoulder, neck, lip. */
function bottleRadius(y: number): number {
  const body = 0.4 - 0.03 * smooth(0.06, 0, y);
  const neck = 0.13 - 0.015 * smooth(1.5, 2, y) + 0.03 * smooth(1.97, 1.99, y);
  return body + (neck - body) * smooth(1.12, 1.58, y);
}

function bottle(p: Vector): number {
  const [x, y, z] = sub(p, [-0.55, 0, -0.15]);
  const side = Math.hypot(x, z) - bottleRadius(clamp(y, 0, 2.08));
  const ends = Math.max(-y, y - 2.08);
  // The radius changes with the height, so the distance to the side is shortened to stay safe.
  return Math.max(side * 0.72, ends);
}

function cap(p: Vector): number {
  const [x, y, z] = sub(p, [-0.55, 2.15, -0.15]);
  const [side, ends] = [Math.hypot(x, z) - 0.125, Math.abs(y) - 0.1];
  return Math.hypot(Math.max(side, 0), Math.max(ends, 0)) + Math.min(Math.max(side, ends), 0) - 0.015;
}

function apple(p: Vector): number {
  const [x, y, z] = sub(p, [0.42, 0.325, 0.3]);
  const ring = Math.hypot(x, z);
  // A fat ring around an empty middle: that makes the dimples at the top and the bottom.
  return Math.hypot(ring - 0.13, (y - 0.02) * (1.03 + 0.1 * smooth(0, -0.4, y))) - 0.335 + 0.03 * smooth(0, -0.4, y);
}

function stalk(p: Vector): number {
  const [x, y, z] = sub(p, [0.42, 0.575, 0.3]);
  const bend = 0.35 * y * y;
  return Math.max(Math.hypot(x - bend, z) - 0.018 - 0.012 * smooth(0.1, 0.26, y), Math.abs(y - 0.12) - 0.14) * 0.8;
}

function lemon(p: Vector): number {
  const q = sub(p, [1.3, 0.285, 0.02]);
  const [cos, sin] = [Math.cos(0.5), Math.sin(0.5)];
  const along = q[0] * cos - q[2] * sin;
  const across = Math.hypot(q[1], q[0] * sin + q[2] * cos);
  const tip = 0.09 * Math.exp(-((across / 0.12) ** 2)) * smooth(0.2, 0.42, Math.abs(along));
  const bumps = 0.004 * noise(along * 38, Math.atan2(q[1], q[2]) * 9);
  return (Math.hypot(along / 1.32, across) - 0.285 - tip - bumps) * 0.75;
}

type Field = (p: Vector) => number;

/** Far from a thing, the distance to a ball around it is enough, and quick. */
function within(centre: Vector, radius: number, field: Field): Field {
  return (p) => {
    const away = Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]) - radius;
    return away > 0.25 ? away : field(p);
  };
}

const things: readonly (readonly [Thing, Field])[] = [
  ['table', (p) => p[1]],
  ['wall', (p) => p[2] + 2.3],
  ['bottle', within([-0.55, 1.04, -0.15], 1.15, bottle)],
  ['cap', within([-0.55, 2.15, -0.15], 0.2, cap)],
  ['apple', within([0.42, 0.33, 0.3], 0.5, apple)],
  ['stalk', within([0.42, 0.7, 0.3], 0.2, stalk)],
  ['lemon', within([1.3, 0.285, 0.02], 0.55, lemon)],
];

function distance(p: Vector): number {
  let least = Infinity;
  for (const [, field] of things) least = Math.min(least, field(p));
  return least;
}

function nearest(p: Vector): Thing {
  const [thing] = things.reduce((best, each) => (each[1](p) < best[1](p) ? each : best));
  const isLabel = thing === 'bottle' && p[1] > 0.3 && p[1] < 0.86;
  return isLabel ? 'label' : thing;
}

function march(from: Vector, towards: Vector, farthest: number): number | null {
  for (let t = 0.01, step = 0; step < 160 && t < farthest; step += 1) {
    const d = distance(add(from, scale(towards, t)));
    if (d < 0.0006 * t) return t;
    t += d;
  }
  return null;
}

function normalAt(p: Vector): Vector {
  const e = 0.0012;
  const along = (axis: Vector): number => distance(add(p, scale(axis, e))) - distance(sub(p, scale(axis, e)));
  return norm([along([1, 0, 0]), along([0, 1, 0]), along([0, 0, 1])]);
}

/** How much of the window is seen from `p`, 0 to 1: the nearer a ray passes something, the less (after Inigo Quilez). */
function openness(p: Vector, towards: Vector, far: number): number {
  let open = 1;
  for (let t = 0.015; t < far && open > -1;) {
    const d = distance(add(p, scale(towards, t)));
    open = Math.min(open, d / ((lightReach / far) * t));
    t += clamp(d, 0.02, 0.3);
  }
  const seen = Math.max(open, -1);
  return 0.25 * (1 + seen) ** 2 * (2 - seen);
}

function occlusion(p: Vector, n: Vector): number {
  let hidden = 0;
  for (let i = 1; i <= 5; i += 1) hidden += (i * 0.07 - distance(add(p, scale(n, i * 0.07)))) * 0.72 ** i;
  return clamp(1 - 1.9 * hidden);
}

/** What a ray sees that hits nothing near: the window with its bars, else the dim room. */
function surroundings(towards: Vector): Vector {
  const room = mix([0.09, 0.075, 0.065], [0.2, 0.18, 0.16], smooth(-0.2, 0.9, towards[1]));
  if (towards[0] > -0.15) return room;
  const [u, v] = [towards[2] / -towards[0], towards[1] / -towards[0]];
  const inside = u > -0.1 && u < 1.25 && v > 0.02 && v < 1.45;
  const bar = Math.abs(u - 0.57) < 0.05 || Math.abs(v - 0.75) < 0.05;
  return inside && !bar ? [2.6, 2.75, 3] : room;
}

/** The window's light upon the wall, in four panes. */
function panes(p: Vector): number {
  const [u, v] = [p[0] - 0.95, p[1] - 1.75 + 0.22 * (p[0] - 0.95)];
  const edge = (x: number, half: number): number => smooth(half + 0.06, half - 0.06, Math.abs(x));
  return edge(u, 0.85) * edge(v, 0.72) * (1 - edge(u, 0.05)) * (1 - edge(v, 0.05));
}

function colour(thing: Thing, p: Vector): Vector {
  switch (thing) {
    case 'table': {
      const board = Math.floor(p[2] / 0.62 + 40);
      const grain = noise(p[0] * 1.6 + board * 7, p[2] * 26 + 2 * noise(p[0] * 1.3, p[2] * 3), board);
      const joint = smooth(0.018, 0.004, Math.abs(p[2] / 0.62 + 40 - Math.round(p[2] / 0.62 + 40)));
      return scale(mix([0.36, 0.2, 0.105], [0.52, 0.32, 0.17], grain), 1 - 0.65 * joint);
    }
    case 'wall':
      return scale([0.52, 0.53, 0.5], 0.94 + 0.09 * noise(p[0] * 3, p[1] * 3) + 0.02 * noise(p[0] * 60, p[1] * 60));
    case 'bottle':
      return mix([0.012, 0.07, 0.035], [0.05, 0.2, 0.09], smooth(1.2, 1.9, p[1]));
    case 'label': {
      const y = p[1];
      const line = (at: number, half: number): boolean => Math.abs(y - at) < half;
      const angle = Math.atan2(p[0] + 0.55, p[2] + 0.15);
      if (line(0.335, 0.012) || line(0.825, 0.012)) return [0.55, 0.38, 0.12];
      const mark = Math.hypot((angle - 0.12) * 0.4, y - 0.6) < 0.115;
      const text = line(0.41, 0.013) && Math.abs(angle - 0.12) < 0.5;
      return mark || text ? [0.33, 0.06, 0.05] : [0.82, 0.77, 0.64];
    }
    case 'cap':
      return [0.5, 0.35, 0.1];
    case 'apple': {
      const angle = Math.atan2(p[2] - 0.3, p[0] - 0.42);
      const streak = noise(angle * 9, p[1] * 1.6);
      const blush = smooth(0.25, 0.75, 0.5 + 0.45 * Math.sin(angle + 0.6) + 0.35 * (streak - 0.5));
      return mix([0.56, 0.5, 0.1], [0.58, 0.045, 0.035], blush);
    }
    case 'stalk':
      return [0.16, 0.1, 0.05];
    case 'lemon':
      return scale([0.86, 0.66, 0.07], 0.92 + 0.12 * noise(p[0] * 40, p[1] * 40));
  }
}

/** How strongly a surface mirrors, seen straight on. */
const gloss: Record<Thing, number> = {
  table: 0.035,
  wall: 0,
  bottle: 0.075,
  label: 0.01,
  cap: 0.3,
  apple: 0.045,
  stalk: 0.01,
  lemon: 0.025,
};

function shade(from: Vector, towards: Vector, depth = 0): Vector {
  const t = march(from, towards, 14);
  if (t === null) return surroundings(towards);
  const p = add(from, scale(towards, t));
  const n = normalAt(p);
  const thing = nearest(p);
  const base = colour(thing, p);
  const way = sub(light, p);
  const far = Math.hypot(...way);
  const facing = clamp(dot(n, scale(way, 1 / far)));
  const direct = facing === 0 ? 0 : facing * openness(add(p, scale(n, 0.004)), scale(way, 1 / far), far);
  const shut = occlusion(p, n);
  let lit = scale([3.1, 3.05, 2.85], (direct * 10.5) / (far * far));
  lit = add(lit, scale(mix([0.13, 0.09, 0.06], [0.26, 0.29, 0.34], 0.5 + 0.5 * n[1]), shut));
  if (thing === 'wall') lit = add(lit, scale([0.62, 0.52, 0.36], panes(p)));
  const seen = times(base, lit);
  const mirror = gloss[thing];
  if (mirror === 0 || depth > 1) return seen;
  const strength = mirror + (1 - mirror) * 0.75 * clamp(1 + dot(towards, n)) ** 5;
  const reflected = sub(towards, scale(n, 2 * dot(towards, n)));
  return add(scale(seen, 1 - strength), scale(shade(add(p, scale(n, 0.006)), reflected, depth + 1), strength));
}

const forward = norm(sub(target, camera));
const right = norm(cross(forward, [0, 1, 0]));
const up = cross(right, forward);

/** From light to a byte: a film's soft shoulder, then the screen's gamma. */
function develop(value: number): number {
  const film = (value * (2.51 * value + 0.03)) / (value * (2.43 * value + 0.59) + 0.14);
  return 255 * clamp(film) ** (1 / 2.2);
}

const pixels = Buffer.alloc(width * height * 3);
for (let y = 0; y < height; y += 1) {
  for (let x = 0; x < width; x += 1) {
    let sum: Vector = [0, 0, 0];
    for (const [dx, dy] of [
      [0.125, 0.375],
      [0.625, 0.125],
      [0.375, 0.875],
      [0.875, 0.625],
    ] as const) {
      const [u, v] = [(2 * (x + dx) - width) / height, (height - 2 * (y + dy)) / height];
      const ray = norm(add(add(scale(right, u), scale(up, v)), scale(forward, zoom)));
      // Below 3, so that a mirrored window does not leave jagged edges.
      const seen = shade(camera, ray);
      sum = add(sum, [Math.min(seen[0], 3), Math.min(seen[1], 3), Math.min(seen[2], 3)]);
    }
    const vignette = 1 - 0.22 * smooth(0.5, 1.9, Math.hypot((2 * x - width) / height, (2 * y - height) / height));
    const grain = (hash(x, y, 1) + hash(x, y, 2) + hash(x, y, 3) - 1.5) * 5;
    sum.forEach((each, channel) => {
      pixels[(y * width + x) * 3 + channel] = clamp(develop((each / 4) * 0.8 * vignette) + grain, 0, 255);
    });
  }
}

const file = fileURLToPath(new URL('./control.jpg', import.meta.url));
const { size } = await sharp(pixels, { raw: { width, height, channels: 3 } })
  .jpeg({ quality: 86 })
  .toFile(file);
console.log(`${file}: ${width} x ${height}, ${Math.round(size / 1024)} KiB`);
