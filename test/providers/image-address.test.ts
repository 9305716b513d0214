import { describe, expect, it } from 'vitest';
import { dataUri, readImageAddress } from '../../src/providers/data-uri.js';
import { saysModerated, stageIn } from '../../src/providers/moderation-text.js';
import { sizeLike } from '../../src/providers/size-like.js';

describe('an image as a data address', () => {
  it.each([
    ['image/png', Buffer.from('\u0089PNG\r\n', 'latin1')],
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['image/webp', Buffer.from('RIFF\0\0\0\0WEBPVP8 ')],
    ['application/octet-stream', Buffer.from('GIF89a')],
  ])('names its type: %s', (type, bytes) => {
    const address = dataUri(bytes);
    expect(address).toBe(`data:${type};base64,${bytes.toString('base64')}`);
    expect(readImageAddress(address)).toEqual(type.startsWith('image/') ? { kind: 'bytes', bytes } : null);
  });

  it.each([
    ['https://v3.fal.media/files/a%2Fb.jpeg?sig=x%2By', 'https://v3.fal.media/files/a%2Fb.jpeg?sig=x%2By'],
    [' http://127.0.0.1:1/a ', 'http://127.0.0.1:1/a'],
  ])('a web address stays as it is: %j', (text, url) => {
    expect(readImageAddress(text)).toEqual({ kind: 'url', url });
  });

  it.each([
    '',
    'image.jpeg',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html;base64,AAAA',
    'data:image/png;base64,',
    'data:image/png,AAAA',
    `https://a.example/${'x'.repeat(9000)}`,
  ])('%.30j is none', (text) => {
    expect(readImageAddress(text)).toBeNull();
  });
});

describe('a failure in words', () => {
  it.each<[string, 'INPUT' | 'OUTPUT']>([
    ['NSFW content detected. Try running it again, or try a different prompt.', 'OUTPUT'],
    ['NSFW content detected in image', 'OUTPUT'],
    ['The input or output was flagged as sensitive. (E005)', 'OUTPUT'],
    ['Your prompt was flagged by our content policy', 'INPUT'],
    ['Prompt violates our content policy', 'INPUT'],
    ['The input was flagged', 'INPUT'],
    ['Content Moderated', 'OUTPUT'],
    ['blocked by the safety checker', 'OUTPUT'],
  ])('%s', (text, stage) => {
    expect(saysModerated(text)).toBe(true);
    expect(stageIn(text)).toBe(stage);
  });

  it.each(['CUDA out of memory', 'the LoRA could not be loaded', 'flag is missing', 'nsfwish', 'policy'])(
    'is not about moderation: %s',
    (text) => {
      expect(saysModerated(text)).toBe(false);
    },
  );
});

describe('a size like that of an image', () => {
  it.each<[number, number, { width: number; height: number }]>([
    [1024, 1024, { width: 1024, height: 1024 }],
    [1024, 768, { width: 1024, height: 768 }],
    [1000, 700, { width: 992, height: 688 }],
    [4000, 3000, { width: 1168, height: 880 }],
    [3000, 4000, { width: 880, height: 1168 }],
    [20_000, 1000, { width: 2048, height: 256 }],
    [256, 256, { width: 256, height: 256 }],
  ])('%i x %i', (width, height, expected) => {
    expect(sizeLike({ width, height })).toEqual(expected);
  });

  it('is unknown where that is', () => {
    expect(sizeLike({})).toBeNull();
    expect(sizeLike({ width: 0, height: 10 })).toBeNull();
  });
});
