/** Takes a block of bytes over; the first `length` of the buffer count. */
export type GiveBlock = (buffer: ArrayBuffer, length: number) => void;

/** Text that grows, byte by byte where that is quicker than asking Node for each small piece. */
export type Block = {
  byte(value: number): void;
  /** The bytes of `source` from `at`, as they are. */
  bytes(source: Uint8Array, at: number, length: number): void;
  /** Text of ASCII characters only. */
  ascii(text: string): void;
  text(text: string): void;
  integer(value: number): void;
  /** A whole number of 8 bytes, big end first, as PostgreSQL sends it. */
  bigint(source: Buffer, at: number): void;
  /** The 16 bytes of a UUID. */
  uuid(source: Uint8Array, at: number): void;
  /** A time that PostgreSQL sent (microseconds since 2000), as 2026-11-21T19:00:00.000000Z. */
  time(source: Buffer, at: number): void;
  /** Gives out what there is, if that is much, or whatever there is when `all`. */
  flush(all: boolean): void;
};

const blockBytes = 128 * 1024;
/** Room for the row that goes beyond it. */
const roomBytes = blockBytes + 16 * 1024;
const [zero, minus, hex] = [48, 45, Buffer.from('0123456789abcdef')];
/** Microseconds from 1970 to 2000, where PostgreSQL's times begin. */
const epochMicros = 946_684_800_000_000;
const [dayMicros, dayMs] = [86_400_000_000, 86_400_000];

export function createBlock(give: GiveBlock): Block {
  let block = Buffer.allocUnsafeSlow(roomBytes);
  let used = 0;
  let [lastDay, dayText] = [NaN, ''];

  function ensure(more: number): void {
    if (used + more <= block.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(block.length * 2, used + more));
    block.copy(larger, 0, 0, used);
    block = larger;
  }

  function ascii(text: string): void {
    ensure(text.length);
    for (let n = 0; n < text.length; n += 1) block[used + n] = text.charCodeAt(n);
    used += text.length;
  }

  /** With zeros in front, as many digits as said. */
  function digits(value: number, count: number): void {
    let rest = value;
    for (let n = count - 1; n >= 0; n -= 1) {
      const next = Math.floor(rest / 10);
      block[used + n] = zero + (rest - next * 10);
      rest = next;
    }
    used += count;
  }

  function integer(value: number): void {
    ensure(20);
    if (value < 0) block[used++] = minus;
    const size = Math.abs(value);
    let count = 1;
    for (let limit = 10; limit <= size; limit *= 10) count += 1;
    digits(size, count);
  }

  return {
    byte(value) {
      ensure(1);
      block[used++] = value;
    },
    bytes(source, at, length) {
      ensure(length);
      // Short ones are sooner copied than handed to Node.
      if (length > 24) block.set(source.subarray(at, at + length), used);
      else for (let n = 0; n < length; n += 1) block[used + n] = source[at + n] ?? 0;
      used += length;
    },
    ascii,
    text(text) {
      ensure(text.length * 3);
      used += block.write(text, used);
    },
    integer,
    bigint(source, at) {
      const value = source.readInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4);
      if (Number.isSafeInteger(value)) integer(value);
      else ascii(source.readBigInt64BE(at).toString());
    },
    uuid(source, at) {
      ensure(36);
      for (let n = 0; n < 16; n += 1) {
        if (n === 4 || n === 6 || n === 8 || n === 10) block[used++] = minus;
        const each = source[at + n] ?? 0;
        block[used++] = hex[each >> 4] ?? 0;
        block[used++] = hex[each & 15] ?? 0;
      }
    },
    time(source, at) {
      const micros = source.readInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4) + epochMicros;
      const day = Math.floor(micros / dayMicros);
      // Rows come in the order of time, so the day is mostly that of the row before.
      if (day !== lastDay) [lastDay, dayText] = [day, new Date(day * dayMs).toISOString().slice(0, 11)];
      ascii(dayText);
      ensure(16);
      const rest = micros - day * dayMicros;
      const seconds = Math.floor(rest / 1_000_000);
      digits(Math.floor(seconds / 3_600), 2);
      block[used++] = 58;
      digits(Math.floor(seconds / 60) % 60, 2);
      block[used++] = 58;
      digits(seconds % 60, 2);
      block[used++] = 46;
      digits(rest - seconds * 1_000_000, 6);
      block[used++] = 90;
    },
    flush(all) {
      if (used === 0 || (!all && used < blockBytes)) return;
      give(block.buffer, used);
      block = Buffer.allocUnsafeSlow(roomBytes);
      used = 0;
    },
  };
}
