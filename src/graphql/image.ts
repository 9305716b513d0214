import type { ImageRecord } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import { DarkroomError } from '../errors.js';
import type { ImageInput as ImageInputValue } from '../service/input-image.js';
import { viewerOf, type Context } from './context.js';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  InputType,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
} from './decorators.js';
import { Node } from './node-interface.js';
import { DateTime } from './scalars.js';

@ObjectType({ implements: Node, description: 'A picture that Darkroom keeps: taken as input or made by a provider.' })
export class Image extends Node {
  readonly __typename = 'Image';

  @Field(() => String, {
    description:
      'Where the bytes are, for as long as Darkroom keeps them. Whoever has this address may see the picture; it cannot be guessed.',
  })
  url: string;

  @Field(() => String, { description: 'image/png, image/jpeg or image/webp.' })
  contentType: string;

  @Field(() => Int, { description: 'Width in pixels, as displayed.' })
  width: number;

  @Field(() => Int, { description: 'Height in pixels, as displayed.' })
  height: number;

  @Field(() => Int, { description: 'Size of the file in bytes.' })
  bytes: number;

  @Field(() => String, {
    description: 'A ThumbHash in base64, about 30 bytes: a blurred placeholder to show while the picture loads.',
  })
  thumbhash: string;

  @Field(() => DateTime, { description: 'When Darkroom first kept these bytes.' })
  createdAt: Date;
}

export function imageNode(image: ImageRecord, publicUrl: string): Image {
  return {
    __typename: 'Image',
    id: publicId('Image', image.id),
    url: `${publicUrl}/images/${image.id}/${image.token}`,
    contentType: image.contentType,
    width: image.width,
    height: image.height,
    bytes: image.bytes,
    thumbhash: image.thumbhash.toString('base64'),
    createdAt: image.createdAt,
  };
}

@InputType({ description: 'An input image: exactly one of the fields.' })
export class ImageInput implements ImageInputValue {
  @Field(() => ID, { nullable: true, description: 'An image of your project: sent to POST /images, or made earlier.' })
  imageId?: string | null;

  @Field(() => String, { nullable: true, description: 'An address to fetch. Refused for now: send the bytes instead.' })
  url?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The bytes in base64, with or without a data: prefix. PNG, JPEG or WebP; at most 15 MiB, 20 megapixels, sides of at least 256 pixels. POST /images is faster.',
  })
  base64?: string | null;
}

@ObjectType({ description: 'The edges that a canny generation would follow.' })
export class CannyPreview {
  @Field(() => String, { description: 'The edge map, white on black, as a PNG in base64.' })
  png: string;

  @Field(() => Int, { description: 'Width in pixels.' })
  width: number;

  @Field(() => Int, { description: 'Height in pixels.' })
  height: number;

  @Field(() => Float, { description: 'Edge pixels of all pixels, 0 to 1.' })
  edgeShare: number;
}

@Resolver(() => Image)
export class ImageResolver {
  @FieldResolver(() => String, { description: 'Address of a WebP at most so wide; never enlarged.' })
  thumbnail(
    @Root() image: Image,
    @Arg('width', () => Int, { description: 'Wanted width in pixels, 16 to 2048; rounded up to a step that is kept.' })
    width: number,
  ): string {
    if (width >= 16 && width <= 2_048) return `${image.url}?width=${width}`;
    throw new DarkroomError('BAD_REQUEST', `thumbnail(width:) must be from 16 to 2048; ${width} was given.`);
  }

  @Query(() => CannyPreview, {
    description: "Shows an image's edges at two thresholds, by OpenCV's Canny. Costs nothing and asks no provider.",
  })
  async cannyPreview(
    @Ctx() context: Context,
    @Arg('image', () => ImageInput, { description: 'The control image.' }) image: ImageInput,
    @Arg('low', () => Int, { defaultValue: 50, description: 'Low threshold, 0 to 500.' }) low: number,
    @Arg('high', () => Int, { defaultValue: 200, description: 'High threshold, 0 to 500, not below low.' })
    high: number,
  ): Promise<CannyPreview> {
    const preview = await context.services.cannyPreview(viewerOf(context), { image, low, high });
    if (!preview.ok) throw new DarkroomError('BAD_REQUEST', preview.refusals.map((each) => each.message).join(' '));
    const { png, width, height, share } = preview.value;
    return { png: png.toString('base64'), width, height, edgeShare: share };
  }
}
