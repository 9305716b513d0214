import { describe, expect, it } from 'vitest';
import { publicId } from '../../src/domain/ids.js';
import { checkImage, type ImageInput } from '../../src/service/input-image.js';
import {
  base64,
  fakeImages,
  fakeReader,
  idAt,
  inspected,
  makeImage,
  refusalsOf,
  told,
  valueOf,
  viewer,
} from './fakes.js';

const kept = makeImage();
const theirs = makeImage({ id: idAt(31), projectId: idAt(99) });
const images = fakeImages(kept, theirs);
const reader = fakeReader(images);
const check = async (input: ImageInput): ReturnType<typeof checkImage> =>
  await checkImage(reader, viewer.projectId, input, ['input', 'controlImage']);

const imageId = publicId('Image', kept.id);
const url = 'https://pictures.example/a.png';

describe('an image is given', () => {
  it.each([
    [{}, 'none'],
    [{ imageId: null, url: null, base64: null }, 'none'],
    [{ imageId, base64: base64('yes') }, 'imageId and base64'],
    [{ imageId, url, base64: base64('yes') }, 'imageId and url and base64'],
    [{ imageId: '', url: '' }, 'imageId and url'],
  ])('in exactly one way: not as %j', async (input, given) => {
    expect(refusalsOf(await check(input))).toMatchObject([
      {
        code: 'INVALID',
        path: ['input', 'controlImage'],
        message: `Give exactly one of imageId, url and base64; ${given} was given.`,
      },
    ]);
  });

  it('by the id of one that the project has', async () => {
    expect(valueOf(await check({ imageId, url: null, base64: null }))).toEqual({ kind: 'kept', image: kept });
  });

  it.each([
    ['unknown', publicId('Image', idAt(77))],
    ["another project's", publicId('Image', theirs.id)],
    ['of another type', publicId('Generation', kept.id)],
    ['a bare key', kept.id],
    ['empty', ''],
  ])('but not by an id that is %s, which is always the same answer', async (_, given) => {
    const refusals = refusalsOf(await check({ imageId: given }));
    expect(refusals).toMatchObject([
      {
        code: 'NOT_FOUND',
        path: ['input', 'controlImage', 'imageId'],
        message: 'There is no such image in your project.',
        given,
      },
    ]);
  });

  it('as base64, which is inspected and not kept yet', async () => {
    const bytes = Buffer.from('yes');
    expect(valueOf(await check({ base64: base64('yes') }))).toEqual({ kind: 'new', image: inspected(bytes), bytes });
  });

  it('as base64, and what is taken on is what the inspection made of it', async () => {
    const upright = Buffer.from('upright');
    reader.inspect.mockResolvedValueOnce({ ok: true, image: inspected(upright), content: upright });
    expect(valueOf(await check({ base64: base64('lying') }))).toMatchObject({ bytes: upright });
  });

  it('but not as something that is no base64, or no image', async () => {
    expect(told(await check({ base64: '!' }))).toEqual(['NOT_AN_IMAGE input.controlImage.base64']);
    expect(told(await check({ base64: base64('no') }))).toEqual(['NOT_AN_IMAGE input.controlImage.base64']);
  });

  it.each([
    ['TOO_SMALL', { minimum: 64, maximum: null }],
    ['TOO_MANY_PIXELS', { minimum: null, maximum: 64 }],
    ['TOO_MANY_BYTES', { minimum: null, maximum: 64 }],
  ] as const)('and when it is %s the limit is told', async (reason, bounds) => {
    reader.inspect.mockResolvedValueOnce({ ok: false, reason, message: 'Resize it.', limit: 64, given: 5 });
    expect(refusalsOf(await check({ base64: base64('yes') }))).toMatchObject([
      { code: 'IMAGE_SIZE', message: 'Resize it.', ...bounds, given: '5' },
    ]);
  });

  it('but not yet by an address, and nothing is fetched', async () => {
    expect(refusalsOf(await check({ url }))).toMatchObject([
      { code: 'UNSUPPORTED', path: ['input', 'controlImage', 'url'], given: url },
    ]);
  });
});

it('checking an image writes nothing', () => {
  expect(images.writes).toEqual([]);
});
