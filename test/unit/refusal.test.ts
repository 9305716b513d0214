import { describe, expect, it } from 'vitest';
import { accepted, refusal, refused, shown } from '../../src/domain/refusal.js';

describe('what came is shown', () => {
  it.each([
    ['abc', 'abc'],
    [1.5, '1.5'],
    [0, '0'],
    [false, 'false'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['a', 1], '["a",1]'],
    [{ a: 1 }, '{"a":1}'],
    [Number.NaN, 'null'],
    [Symbol.for('x'), 'Symbol(x)'],
  ])('%o as %j', (given, text) => {
    expect(shown(given)).toBe(text);
  });

  it('whole up to 60 characters', () => {
    expect(shown('x'.repeat(60))).toBe('x'.repeat(60));
  });

  it('shortened beyond, with its length', () => {
    expect(shown('x'.repeat(61))).toBe(`${'x'.repeat(60)}… (61 characters)`);
    expect(shown('x'.repeat(10_000_000))).toHaveLength(60 + '… (10000000 characters)'.length);
    expect(shown({ long: 'x'.repeat(100) })).toBe(`{"long":"${'x'.repeat(51)}… (111 characters)`);
  });

  it('as a text that every client can read, also when a pair is cut in half or came as a half', () => {
    expect(shown(`${'x'.repeat(59)}🦊 and more`).isWellFormed()).toBe(true);
    expect(shown('\uD83D').isWellFormed()).toBe(true);
  });
});

describe('a refusal', () => {
  it('has null where nothing is known', () => {
    expect(refusal('INVALID', ['input', 'x'], 'No.')).toEqual({
      code: 'INVALID',
      message: 'No.',
      path: ['input', 'x'],
      minimum: null,
      maximum: null,
      given: null,
      retryable: false,
    });
  });

  it('keeps bounds of zero, and shows a given null', () => {
    const details = { minimum: 0, maximum: 0, given: null, retryable: true };
    expect(refusal('INVALID', [], 'No.', details)).toMatchObject({ ...details, given: 'null' });
  });

  it('does not share the path that it was given', () => {
    const path = ['input'];
    const made = refusal('INVALID', path, 'No.');
    path.push('changed later');
    expect(made.path).toEqual(['input']);
  });

  it('is one of the two outcomes of a check', () => {
    const one = refusal('INVALID', [], 'No.');
    expect(refused(one, one)).toEqual({ ok: false, refusals: [one, one] });
    expect(accepted(5)).toEqual({ ok: true, value: 5 });
  });
});
