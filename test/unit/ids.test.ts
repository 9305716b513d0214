import { describe, expect, it } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { idPrefixes, keyOf, lowestIdAt, newId, parsePublicId, publicId, type NodeType } from '../../src/domain/ids.js';

const types: NodeType[] = [
  'Generation',
  'FinetuneProfile',
  'Image',
  'Project',
  'Sweep',
  'Replay',
  'Budget',
  'Erasure',
  'Export',
];
const key = '01990000-0000-7000-8000-0000000000ab';

describe('a public id', () => {
  it('is tried here for every type', () => {
    expect(types).toEqual(Object.keys(idPrefixes));
  });

  it.each(types)('of a %s comes back as what it was', (type) => {
    const id = newId();
    expect(publicId(type, id)).toBe(`${idPrefixes[type]}_${id}`);
    expect(keyOf(type, publicId(type, id))).toBe(id);
    expect(parsePublicId(publicId(type, id))).toEqual({ type, key: id });
  });

  it.each(types)('of a %s is none of another type', (type) => {
    const others = types.filter((other) => other !== type);
    expect(others.map((other) => keyOf(other, publicId(type, key)))).toEqual(others.map(() => null));
  });

  it('may have its key in capitals', () => {
    expect(keyOf('Generation', `gen_${key.toUpperCase()}`)).toBe(key);
  });

  it.each([
    '',
    'gen',
    'gen_',
    key,
    `_${key}`,
    `GEN_${key}`,
    `gen-${key}`,
    ` gen_${key}`,
    `gen_${key} `,
    `gen_${key}\n`,
    `gen_ ${key}`,
    `gen_gen_${key}`,
    `gen_${key}0`,
    `gen_${key.slice(1)}`,
    `gen_${key.replaceAll('-', '')}`,
    `gen_{${key}}`,
    `gen_${key.replace('0', 'g')}`,
    `gen_${key}'; drop table generation; --`,
    `usr_${key}`,
  ])('is not %j', (text) => {
    expect(parsePublicId(text)).toBeNull();
    expect(keyOf('Generation', text)).toBeNull();
  });
});

describe('new ids', () => {
  it('rise in the order of their making', () => {
    const ids = Array.from({ length: 1_000 }, () => newId());
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids);
  });
});

describe('the lowest id of a time', () => {
  it.each([
    ['2026-01-01T00:00:00.000Z', '019b76da-a800-0000-0000-000000000000'],
    ['1970-01-01T00:00:00.000Z', '00000000-0000-0000-0000-000000000000'],
    ['1969-12-31T23:59:59.999Z', '00000000-0000-0000-0000-000000000000'],
  ])('of %s is %s', (at, lowest) => {
    expect(lowestIdAt(new Date(at))).toBe(lowest);
  });

  it.each(['2026-01-01', '2026-02-01', '2028-03-01', '2099-12-01'])('parts the months at %s', (month) => {
    const start = new Date(`${month}T00:00:00Z`).getTime();
    const bound = lowestIdAt(new Date(start));
    const least = { random: new Uint8Array(16), seq: 0 };
    const most = { random: new Uint8Array(16).fill(255), seq: 0xff_ff_ff_ff };
    expect(uuidv7({ msecs: start - 1, ...most }) < bound).toBe(true);
    expect(uuidv7({ msecs: start, ...least }) >= bound).toBe(true);
    expect(lowestIdAt(new Date(start + 1)) > uuidv7({ msecs: start, ...most })).toBe(true);
  });
});
