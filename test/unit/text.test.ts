import { describe, expect, it } from 'vitest';
import { checkText } from '../../src/domain/text.js';

const path = ['input', 'name'];
const bounds = { minimum: 1, maximum: 5, what: 'The name' };
const code = (text: string, within: Parameters<typeof checkText>[2] = bounds): string =>
  checkText(text, path, within)
    .map((refusal) => refusal.code)
    .join();

describe('a text', () => {
  it.each(['a', 'abcde', '     ', '🦊🦊🦊🦊🦊', 'héllo', '\n\t', '\uFEFF'])('%j fits', (text) => {
    expect(checkText(text, path, bounds)).toEqual([]);
  });

  it('is measured in characters, not in UTF-16 units', () => {
    expect(code('🦊'.repeat(5))).toBe('');
    expect(checkText('🦊'.repeat(6), path, bounds)).toEqual([
      {
        code: 'OUT_OF_RANGE',
        message: 'The name has 6 characters; 1 to 5 are allowed.',
        path,
        minimum: 1,
        maximum: 5,
        given: '6',
        retryable: false,
      },
    ]);
  });

  it('that must be there and is empty is missing', () => {
    expect(checkText('', path, bounds)).toMatchObject([{ code: 'REQUIRED', message: 'The name is empty.', path }]);
  });

  it('may be empty where nothing else is said', () => {
    expect(code('', { maximum: 5, what: 'It' })).toBe('');
  });

  it('under a minimum above one is out of range, empty or not', () => {
    expect(code('', { ...bounds, minimum: 3 })).toBe('OUT_OF_RANGE');
    expect(code('ab', { ...bounds, minimum: 3 })).toBe('OUT_OF_RANGE');
    expect(code('abc', { ...bounds, minimum: 3 })).toBe('');
  });

  it.each(['a\u0000b', '\u0000', 'abcd\u0000'])('%j is refused for its NUL', (text) => {
    expect(checkText(text, path, bounds)).toMatchObject([
      { code: 'INVALID', message: 'The name holds a NUL character.' },
    ]);
  });

  it.each(['\uD83D', '\uDD8A', 'a\uD83Db', '\uDD8A\uD83D'])('%j is refused for half a surrogate pair', (text) => {
    expect(checkText(text, path, bounds)).toMatchObject([
      { code: 'INVALID', message: 'The name holds half a surrogate pair.' },
    ]);
  });

  it('is never refused twice', () => {
    expect(code('\u0000\uD83D and far too long')).toBe('OUT_OF_RANGE');
    expect(code('\u0000\uD83D')).toBe('INVALID');
  });
});
