import { expect, it } from 'vitest';
import { sizeClass } from '../../src/domain/size-class.js';

it.each([
  [1024, 768, '1MP'],
  [1440, 1440, '2MP'],
  [256, 256, '0.0625MP'],
  [512, 512, '0.25MP'],
  [2752, 1536, '4MP'],
])('%i × %i is of class %s', (width, height, size) => {
  expect(sizeClass(width * height)).toBe(size);
});

it('is auto where only the provider knows the size', () => {
  expect([sizeClass(null), sizeClass(0), sizeClass(Number.NaN)]).toEqual(['auto', 'auto', 'auto']);
});
