import { describe, expect, it } from 'vitest';
import { promptWithTrigger } from '../../src/domain/prompt.js';

describe('the trigger word', () => {
  it.each([
    ['TOK bottle on a table', 'TOK'],
    ['a bottle of TOK', 'TOK'],
    ['a tok bottle', 'TOK'],
    ['a Tok, bottle', 'tok'],
    ['(TOK)', 'TOK'],
    ['TOK', 'TOK'],
    ['a TOK-shaped bottle', 'TOK'],
    ["TOK's bottle", 'TOK'],
    ['a bottle\nTOK\n', 'TOK'],
    ['un ÉCLAIR doré', 'éclair'],
    ['ein süßer hund', 'SÜßER'],
    ['猫、犬', '猫'],
    ['a red fox bottle', 'Red Fox'],
    ['a 🦊 bottle', '🦊'],
    ['x [v] y', '[V]'],
    ['made by c++ ', 'C++'],
    ['costs $5', '$5'],
  ])('is left alone in %j, which has %j as a word', (prompt, trigger) => {
    expect(promptWithTrigger(prompt, trigger)).toBe(prompt);
  });

  it.each([
    ['a token', 'TOK'],
    ['stoke it', 'TOK'],
    ['TOK2 bottle', 'TOK'],
    ['2TOK bottle', 'TOK'],
    ['TOK_1', 'TOK'],
    ['_TOK', 'TOK'],
    ['éTOK', 'TOK'],
    ['TOKé', 'TOK'],
    ['TOKe\u0301', 'TOKe'],
    ['कमी', 'कम'],
    ['三毛猫', '猫'],
    ['a red  fox', 'red fox'],
    ['T O K', 'TOK'],
    ['axb', 'a.b'],
    ['aab', 'a+b'],
    ['anything', '.*'],
    ['anything', '('],
    ['x v y', '[v]'],
    ['a|b', 'c|a'],
    ['end$', '^end'],
    [String.raw`d`, String.raw`\d`],
    ['a 🦊 bottle', '🐻'],
  ])('is put in front of %j, which has no %j as a word', (prompt, trigger) => {
    expect(promptWithTrigger(prompt, trigger)).toBe(`${trigger}, ${prompt}`);
  });

  it('alone makes the prompt when there is none', () => {
    expect(promptWithTrigger('', 'TOK')).toBe('TOK');
  });

  it.each([null, ''])('%j changes nothing', (trigger) => {
    expect(promptWithTrigger('a bottle', trigger)).toBe('a bottle');
    expect(promptWithTrigger('', trigger)).toBe('');
  });

  it('put in front once is found the second time, whatever it holds', () => {
    for (const trigger of ['TOK', 'C++', '(a|b)', '猫', '.*', '🦊', 'a-b', '$', String.raw`\w`, 'red fox', '/x/']) {
      const once = promptWithTrigger('in the rain', trigger);
      expect(promptWithTrigger(once, trigger)).toBe(once);
    }
  });
});
