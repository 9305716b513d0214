/** Chance that is the same for the same seed. */
export type Chance = {
  /** From 0 to 1, 1 excluded. */
  next(): number;
  below(bound: number): number;
  pick<T>(from: readonly T[]): T;
  /** Log-normal with this median. */
  logNormal(median: number, sigma: number): number;
  /** So many hexadecimal digits. */
  hex(digits: number): string;
};

const four = Array.from({ length: 0x1_0000 }, (_, n) => n.toString(16).padStart(4, '0'));

/** Mulberry32: small, fast, and good enough for a history that nobody bets on. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  function bits(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  const next = (): number => bits() / 2 ** 32;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    pick(from) {
      const one = from[Math.floor(next() * from.length)];
      if (one === undefined) throw new Error('Nothing to pick from.');
      return one;
    },
    logNormal(median, sigma) {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(sigma * normal);
    },
    hex(digits) {
      let text = '';
      for (let left = digits; left > 0; left -= 4) {
        const two = bits();
        text += four[two & 0xffff];
        if ((left -= 4) > 0) text += four[two >>> 16];
      }
      return text.length === digits ? text : text.slice(0, digits);
    },
  };
}

/** A UUIDv7 of this moment. */
export function uuidAt(ms: number, chance: Chance): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  const rest = chance.hex(19);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-${'89ab'[chance.below(4)]}${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}
