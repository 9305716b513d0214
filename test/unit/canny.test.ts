import { beforeEach, describe, expect, it, vi } from 'vitest';
import { publicId } from '../../src/domain/ids.js';
import { createCannyPreview, type CannyPreview, type CannyPreviewRequest } from '../../src/service/canny.js';
import type { ImageBytes } from '../../src/service/images.js';
import { base64, fakeImages, fakeReader, makeImage, refusalsOf, told, valueOf, viewer } from './fakes.js';

const kept = makeImage();
const images = fakeImages(kept);
const reader = fakeReader(images);
const preview: CannyPreview = { png: Buffer.from('png'), width: 64, height: 64, share: 0.5 };
const edges = vi.fn<(bytes: Buffer, low: number, high: number) => Promise<CannyPreview>>();
const bytes = { put: vi.fn<ImageBytes['put']>(), read: vi.fn<ImageBytes['read']>(), holds: async () => true };
const service = createCannyPreview({ reader, images, bytes, edges });

const ask = async (request: Partial<CannyPreviewRequest> = {}): ReturnType<typeof service> =>
  await service(viewer, { image: { base64: base64('yes') }, low: 50, high: 200, ...request });

beforeEach(() => {
  vi.clearAllMocks();
  edges.mockResolvedValue(preview);
  bytes.read.mockResolvedValue(Buffer.from('kept'));
});

describe('a canny preview', () => {
  it('shows the edges of bytes that were sent along', async () => {
    expect(valueOf(await ask())).toEqual(preview);
    expect(edges.mock.calls).toEqual([[Buffer.from('yes'), 50, 200]]);
    expect(bytes.read).not.toHaveBeenCalled();
  });

  it('shows the edges of an image of the project', async () => {
    await ask({ image: { imageId: publicId('Image', kept.id) } });
    expect(bytes.read.mock.calls).toEqual([[{ projectId: viewer.projectId, sha256: kept.sha256 }]]);
    expect(edges.mock.calls).toEqual([[Buffer.from('kept'), 50, 200]]);
  });

  it.each([
    [0, 0],
    [500, 500],
    [0, 500],
    [200, 200],
  ])('takes %d and %d', async (low, high) => {
    expect((await ask({ low, high })).ok).toBe(true);
  });

  it.each([
    [-1, 200, 'OUT_OF_RANGE low'],
    [501, 501, 'OUT_OF_RANGE low'],
    [50, 501, 'OUT_OF_RANGE high'],
    [50, -1, 'OUT_OF_RANGE high'],
    [201, 200, 'INVALID low'],
  ])('refuses %d and %d before it looks at the image', async (low, high, refusal) => {
    expect(told(await ask({ low, high, image: { base64: base64('no') } }))).toEqual([refusal]);
    expect(reader.inspect).not.toHaveBeenCalled();
  });

  it('refuses a bad image, and names the argument', async () => {
    expect(told(await ask({ image: { base64: base64('no') } }))).toEqual(['NOT_AN_IMAGE image.base64']);
    expect(told(await ask({ image: {} }))).toEqual(['INVALID image']);
    expect(edges).not.toHaveBeenCalled();
  });

  it('says so when the bytes of an image are gone', async () => {
    bytes.read.mockResolvedValue(null);
    const refused = await ask({ image: { imageId: publicId('Image', kept.id) } });
    expect(refusalsOf(refused)).toMatchObject([{ code: 'NOT_FOUND', path: ['image'] }]);
  });

  it('writes nothing', async () => {
    await ask();
    expect(images.writes).toEqual([]);
    expect(bytes.put).not.toHaveBeenCalled();
  });
});
