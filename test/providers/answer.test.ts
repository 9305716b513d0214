import { describe, expect, it } from 'vitest';
import { findExplanation, readObject, tidy } from '../../src/providers/answer.js';

function whole(text: string): Record<string, unknown> | null {
  return readObject({ kind: 'whole', bytes: Buffer.from(text) });
}

describe('what an error answer says', () => {
  it.each<[unknown, string | null]>([
    [{ detail: 'Not authenticated' }, 'Not authenticated'],
    [
      { detail: [{ loc: ['body', 'guidance'], msg: 'Input should be greater than or equal to 1', type: 'x' }] },
      'guidance: Input should be greater than or equal to 1',
    ],
    [
      { detail: [{ loc: ['body', 'a', 0], msg: 'one' }, { msg: 'two' }, { loc: 'odd', msg: 'three' }, 'four', 5] },
      'a.0: one; two; three; four',
    ],
    [{ detail: Array.from({ length: 9 }, (_, n) => ({ msg: `m${n}` })) }, 'm0; m1; m2; m3; m4'],
    [{ detail: [], message: 'said otherwise' }, 'said otherwise'],
    [{ detail: { message: 'inside' } }, 'inside'],
    [{ detail: 7, message: 'Out of credits' }, 'Out of credits'],
    [{ message: '  ', error: 'no' }, 'no'],
    [{ error: { message: 'deep' } }, 'deep'],
    [{ error: 5 }, null],
    [{}, null],
    [[], null],
    [null, null],
    ['text', null],
  ])('%j', (answer, expected) => {
    expect(findExplanation(answer)).toBe(expected);
  });
});

describe('text from outside', () => {
  it('is one line of bounded length without control characters', () => {
    expect(tidy('a\n\u0000b\t\u202e c', 'k')).toBe('a b c');
    expect(tidy('x'.repeat(900), 'k')).toHaveLength(500);
    expect(tidy(`${'x'.repeat(498)}😀😀`, 'k').isWellFormed()).toBe(true);
  });

  it('never shows the key', () => {
    expect(tidy('key s3cret, again s3cret', 's3cret')).toBe('key [key], again [key]');
    expect(tidy(`${'x'.repeat(497)}s3cret`, 's3cret')).not.toContain('s3');
    expect(tidy('no key at all', '')).toBe('no key at all');
  });
});

describe('an answer as an object', () => {
  it('is read, with or without a byte order mark', () => {
    expect(whole('{"a":1}')).toEqual({ a: 1 });
    expect(whole('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });

  it.each(['', '[]', '"a"', '1', 'null', '{"a":', '<html></html>', '['.repeat(200_000)])(
    'is null for %.20j',
    (text) => {
      expect(whole(text)).toBeNull();
    },
  );

  it('is null when the body did not come whole', () => {
    expect(readObject({ kind: 'oversized' })).toBeNull();
    expect(readObject({ kind: 'broken', message: '' })).toBeNull();
  });
});
