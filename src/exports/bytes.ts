/** Bytes that grow; kept and filled anew for each row group, so that a large export makes no garbage. */
export type Bytes = {
  length(): number;
  /** What was written; valid until the next write. */
  view(): Buffer;
  clear(): void;
  byte(value: number): void;
  uint32(value: number): void;
  /** `length` bytes of `source` from `at`, turned round: PostgreSQL sends numbers big end first, Parquet wants the small end. */
  reversed(source: Uint8Array, at: number, length: number): void;
  int64(value: bigint): void;
  copy(source: Uint8Array, at: number, length: number): void;
};

export function createBytes(room = 1_024): Bytes {
  let buffer = Buffer.allocUnsafeSlow(room);
  let used = 0;

  function ensure(more: number): void {
    if (used + more <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + more));
    buffer.copy(larger, 0, 0, used);
    buffer = larger;
  }

  return {
    length: () => used,
    view: () => buffer.subarray(0, used),
    clear() {
      used = 0;
    },
    byte(value) {
      ensure(1);
      buffer[used++] = value;
    },
    uint32(value) {
      ensure(4);
      used = buffer.writeUInt32LE(value, used);
    },
    reversed(source, at, length) {
      ensure(length);
      for (let n = length - 1; n >= 0; n -= 1) buffer[used++] = source[at + n] ?? 0;
    },
    int64(value) {
      ensure(8);
      used = buffer.writeBigInt64LE(value, used);
    },
    copy(source, at, length) {
      ensure(length);
      // Short ones are sooner copied than handed to Node.
      if (length > 24) buffer.set(source.subarray(at, at + length), used);
      else for (let n = 0; n < length; n += 1) buffer[used + n] = source[at + n] ?? 0;
      used += length;
    },
  };
}

/** Whole numbers of 0 to 2^31 - 1 that grow. */
export type Numbers = { length(): number; view(): Int32Array; clear(): void; push(value: number): void };

export function createNumbers(): Numbers {
  let numbers = new Int32Array(1_024);
  let used = 0;
  return {
    length: () => used,
    view: () => numbers.subarray(0, used),
    clear() {
      used = 0;
    },
    push(value) {
      if (used === numbers.length) {
        const larger = new Int32Array(used * 2);
        larger.set(numbers);
        numbers = larger;
      }
      numbers[used++] = value;
    },
  };
}
