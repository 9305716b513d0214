import { expect, it } from 'vitest';
import { sizeClass } from '../../src/domain/size-class.js';

it.each([
  [256, 256, '0.25MP'],
  [512, 512, '0.25MP'],
  [768, 640, '0.5MP'],
  [1024, 768, '1MP'],
  [1024, 1024, '1MP'],
  [1440, 1440, '2MP'],
  [2048, 2048, '4MP'],
  [4096, 2048, '8MP'],
  [20_000, 20_000, '16MP'],
  [0, 0, '0.25MP'],
  [null, 1024, 'default'],
  [1024, null, 'default'],
])('%o by %o pixels are of the class %s', (width, height, expected) => {
  expect(sizeClass(width, height)).toBe(expected);
});
