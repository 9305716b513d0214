import type { Block } from './block.ts';

const quote = 34;
const backslash = 92;

/** UTF-8 text as a JSON string. Mostly nothing in it has to be escaped, and it is copied as it is. */
export function putJsonText(block: Block, source: Buffer, at: number, length: number): void {
  const end = at + length;
  for (let n = at; n < end; n += 1) {
    const byte = source[n] ?? 0;
    if (byte < 32 || byte === quote || byte === backslash) {
      block.text(JSON.stringify(source.toString('utf8', at, end)));
      return;
    }
  }
  block.byte(quote);
  block.bytes(source, at, length);
  block.byte(quote);
}
