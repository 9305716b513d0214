/**
 * An array of texts without nulls: the number of dimensions (none when it is empty), a flag, the type, then length and lower
 * bound of its one dimension, and each text behind its length.
 */
export function readTexts(message: Buffer, start: number): string[] {
  if (message.readInt32BE(start) === 0) return [];
  const count = message.readInt32BE(start + 12);
  const texts: string[] = [];
  let at = start + 20;
  for (let n = 0; n < count; n += 1) {
    const length = message.readInt32BE(at);
    texts.push(message.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return texts;
}

/** What comes before the first row, in the same message. */
export const copyHeaderBytes = 19;

/** Whether a message is the end and no row. */
export function isCopyEnd(message: Buffer): boolean {
  return message.length === 2 && message.readInt16BE(0) === -1;
}
