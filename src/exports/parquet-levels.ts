import type { Bytes } from './bytes.ts';

function putVarint(into: Bytes, value: number): void {
  let rest = value;
  for (; rest >= 128; rest >>>= 7) into.byte((rest & 127) | 128);
  into.byte(rest);
}

/**
 * Numbers in Parquet's hybrid of run lengths and packed bits: one run where all are the same, else packed, `width` bits each
 * (1 to 24), the lowest bits first.
 */
export function putHybrid(into: Bytes, numbers: Int32Array, width: number): void {
  const first = numbers[0] ?? 0;
  if (numbers.every((each) => each === first)) {
    putVarint(into, numbers.length << 1);
    for (let shift = 0; shift < width; shift += 8) into.byte((first >> shift) & 255);
    return;
  }
  const groups = Math.ceil(numbers.length / 8);
  putVarint(into, (groups << 1) | 1);
  let [bits, held] = [0, 0];
  for (let n = 0; n < groups * 8; n += 1) {
    bits |= (numbers[n] ?? 0) << held;
    held += width;
    for (; held >= 8; held -= 8, bits >>>= 8) into.byte(bits & 255);
  }
}

/** The same behind its length in bytes, as levels are written. */
export function putLevels(into: Bytes, scratch: Bytes, levels: Int32Array, width: number): void {
  scratch.clear();
  putHybrid(scratch, levels, width);
  into.uint32(scratch.length());
  into.copy(scratch.view(), 0, scratch.length());
}

/** Bits that a number from 0 to `largest` needs, at least 1. */
export function bitsFor(largest: number): number {
  return Math.max(1, 32 - Math.clz32(largest));
}
