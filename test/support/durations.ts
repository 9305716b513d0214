/** Numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Durations in ms; `progress` (0 to 1) is how far the run has come, for those that change. */
export type Durations = (random: Random, progress: number) => number;

export function logNormal(medianMs: number, sigma: number): Durations {
  return (random) => medianMs * Math.exp(sigma * normal(random));
}

export function exponential(meanMs: number): Durations {
  return (random) => -meanMs * Math.log(1 - random());
}

export function pareto(leastMs: number, index: number): Durations {
  return (random) => leastMs * (1 - random()) ** (-1 / index);
}

/** One of two, the first with probability `share`. */
export function either(share: number, one: Durations, other: Durations): Durations {
  return (random, progress) => (random() < share ? one : other)(random, progress);
}

export function uniform(leastMs: number, mostMs: number): Durations {
  return (random) => leastMs + (mostMs - leastMs) * random();
}

/** The median moves from one value to the other between two points of the run; at one point it jumps. */
export function moving(fromMs: number, toMs: number, sigma: number, [start, end]: [number, number]): Durations {
  return (random, progress) => {
    const part = progress < start ? 0 : progress >= end ? 1 : (progress - start) / (end - start);
    return fromMs * (toMs / fromMs) ** part * Math.exp(sigma * normal(random));
  };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
