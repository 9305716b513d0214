import { describe, expect, it } from 'vitest';
import { decodeBase64Image } from '../../src/images/base64.js';

// Bytes whose base64 has `+`, `/` and padding.
const bytes = Buffer.from([0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0x01]);
const text = bytes.toString('base64');

describe('accepted', () => {
  it.each([
    ['plain', text],
    ['without padding', text.replace(/=+$/, '')],
    ['URL-safe', bytes.toString('base64url')],
    ['a data URL', `data:image/png;base64,${text}`],
    ['a data URL in capitals', `DATA:IMAGE/PNG;BASE64,${text}`],
    ['a data URL with a parameter', `data:image/svg+xml;charset=utf-8;base64,${text}`],
    ['lines', `\n ${text.slice(0, 4)}\r\n${text.slice(4)}\n`],
    ['a data URL on lines', `  data:image/jpeg;base64,\n${text.slice(0, 5)} ${text.slice(5)}`],
  ])('%s', (_name, given) => {
    expect(decodeBase64Image(given)).toEqual({ ok: true, bytes });
  });
});

describe('refused', () => {
  it.each([
    ['nothing', '', 'The base64 text is empty.'],
    ['white space', ' \n', 'The base64 text is empty.'],
    ['a prefix alone', 'data:image/png;base64,', 'The base64 text is empty.'],
    ['garbage inside', 'AAAA*AAA', 'Not base64: unexpected character "*" at position 4.'],
    ['an emoji', 'AAAA😀', 'Not base64: unexpected character "😀" at position 4.'],
    ['padding inside', 'AA==AAAA', 'Not base64: unexpected character "=" at position 2.'],
    ['a lone character', 'AAAAA', 'Not base64: the text is cut short or has the wrong padding.'],
    ['too much padding', 'AAAA=', 'Not base64: the text is cut short or has the wrong padding.'],
    ['too little padding', 'AA=', 'Not base64: the text is cut short or has the wrong padding.'],
    ['a data URL in text', 'data:image/svg+xml,<svg/>', 'must begin with "data:image/'],
    ['a data URL of no image', `data:text/plain;base64,${text}`, 'must begin with "data:image/'],
    ['an address', 'https://example.org/a.png', 'This is a URL, not base64.'],
  ])('%s', (_name, given, message) => {
    const decoded = decodeBase64Image(given);
    expect(decoded).toMatchObject({ ok: false, reason: 'NOT_AN_IMAGE', message: expect.stringContaining(message) });
  });
});

describe('size', () => {
  it.each([
    [7, { ok: true }],
    [6, { ok: false, reason: 'TOO_MANY_BYTES', limit: 6, given: 7 }],
  ])('7 bytes with a limit of %i', (limit, expected) => {
    expect(decodeBase64Image(text, limit)).toMatchObject(expected);
  });

  it('takes 15 MiB, which are 20 MiB as base64, broken into lines', () => {
    const large = 'A'.repeat(20 * 1024 * 1024);
    expect(decodeBase64Image(large)).toMatchObject({ ok: true });
    expect(decodeBase64Image(large.replace(/.{76}/g, '$&\r\n'))).toMatchObject({ ok: true });
    expect(decodeBase64Image(`${large}AA`)).toMatchObject({ reason: 'TOO_MANY_BYTES', given: 15 * 1024 * 1024 + 1 });
  });

  it('looks at the length before the text', () => {
    expect(decodeBase64Image('*'.repeat(24 * 1024 * 1024))).toMatchObject({ reason: 'TOO_MANY_BYTES' });
  });
});
