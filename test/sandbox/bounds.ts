import { base64, still } from './images.js';

/** A small picture, in base64. */
export const control = base64(await still(64, 48));
const plainBody = { finetune_id: 'f', prompt: 'p' };
const withControl = { ...plainBody, control_image: control };
const withImage = { ...plainBody, image: control };

/** The least that each endpoint needs. */
export const bodies: Readonly<Record<string, Record<string, unknown>>> = {
  'flux-pro-finetuned': plainBody,
  'flux-pro-1.1-ultra-finetuned': plainBody,
  'flux-pro-1.0-canny-finetuned': withControl,
  'flux-pro-1.0-depth-finetuned': withControl,
  'flux-pro-1.0-fill-finetuned': withImage,
  'flux-2-klein-4b-finetuned': plainBody,
  'flux-2-klein-9b-finetuned': plainBody,
  'flux-2-klein-9b-kv-finetuned': plainBody,
  'flux-2-klein-9b-kv-bf16-finetuned': plainBody,
  'flux-2-klein-base-4b-finetuned': plainBody,
  'flux-2-klein-base-9b-finetuned': plainBody,
};

export const models = {
  text: 'flux-pro-finetuned',
  ultra: 'flux-pro-1.1-ultra-finetuned',
  canny: 'flux-pro-1.0-canny-finetuned',
  depth: 'flux-pro-1.0-depth-finetuned',
  fill: 'flux-pro-1.0-fill-finetuned',
  klein: 'flux-2-klein-4b-finetuned',
} as const;

const { text, ultra, canny, depth, fill, klein } = models;

/** Model, field, the values just inside, and just outside with the type of the complaint. */
export const bounds: readonly [string, string, readonly unknown[], readonly (readonly [unknown, string])[]][] = [
  [
    text,
    'finetune_strength',
    [0, 2, 1.5],
    [
      [-0.01, 'greater_than_equal'],
      [2.01, 'less_than_equal'],
      ['1', 'float_type'],
      [null, 'float_type'],
    ],
  ],
  [
    text,
    'safety_tolerance',
    [0, 6],
    [
      [-1, 'greater_than_equal'],
      [7, 'less_than_equal'],
      [1.5, 'int_from_float'],
    ],
  ],
  [
    text,
    'width',
    [256, 1440],
    [
      [224, 'greater_than_equal'],
      [1472, 'less_than_equal'],
      [1000, 'multiple_of'],
      ['512', 'int_type'],
    ],
  ],
  [
    text,
    'height',
    [256, 1440],
    [
      [255, 'greater_than_equal'],
      [1441, 'less_than_equal'],
      [257, 'multiple_of'],
    ],
  ],
  [
    text,
    'steps',
    [1, 50],
    [
      [0, 'greater_than_equal'],
      [51, 'less_than_equal'],
    ],
  ],
  [
    text,
    'guidance',
    [1.5, 5],
    [
      [1.49, 'greater_than_equal'],
      [5.01, 'less_than_equal'],
    ],
  ],
  [
    text,
    'seed',
    [null, 0, 42, 4_294_967_295],
    [
      [1.5, 'int_from_float'],
      ['42', 'int_type'],
    ],
  ],
  [
    text,
    'output_format',
    ['jpeg', 'png', 'webp', null],
    [
      ['gif', 'enum'],
      [1, 'enum'],
    ],
  ],
  [
    text,
    'prompt_upsampling',
    [true, false],
    [
      ['true', 'bool_type'],
      [1, 'bool_type'],
    ],
  ],
  [
    text,
    'prompt',
    ['', 'a'],
    [
      [7, 'string_type'],
      [null, 'string_type'],
    ],
  ],
  [
    text,
    'webhook_url',
    [null, 'https://example.org/hook'],
    [
      ['', 'url_parsing'],
      ['hook', 'url_parsing'],
      ['ftp://example.org', 'url_scheme'],
      [`https://example.org/${'x'.repeat(2083)}`, 'url_too_long'],
      [3, 'url_type'],
    ],
  ],
  [text, 'webhook_secret', [null, 's'], [[3, 'string_type']]],
  [text, 'image_prompt', [null, control], [['no image', 'value_error']]],
  [ultra, 'prompt', [null], [[7, 'string_type']]],
  [
    ultra,
    'aspect_ratio',
    ['21:9', '9:21', '1:1'],
    [
      ['22:9', 'value_error'],
      ['9:22', 'value_error'],
      ['wide', 'value_error'],
      [1, 'string_type'],
    ],
  ],
  [
    ultra,
    'image_prompt_strength',
    [0, 1],
    [
      [-0.1, 'greater_than_equal'],
      [1.1, 'less_than_equal'],
    ],
  ],
  [
    canny,
    'steps',
    [15, 50],
    [
      [14, 'greater_than_equal'],
      [51, 'less_than_equal'],
    ],
  ],
  [
    canny,
    'guidance',
    [1, 100],
    [
      [0.9, 'greater_than_equal'],
      [100.1, 'less_than_equal'],
    ],
  ],
  [
    canny,
    'canny_low_threshold',
    [0, 500, null],
    [
      [-1, 'greater_than_equal'],
      [501, 'less_than_equal'],
      [0.5, 'int_from_float'],
    ],
  ],
  [
    canny,
    'canny_high_threshold',
    [0, 500, null],
    [
      [-1, 'greater_than_equal'],
      [501, 'less_than_equal'],
    ],
  ],
  [
    canny,
    'control_image',
    [control],
    [
      ['', 'value_error'],
      ['*not base64*', 'value_error'],
      [base64(Buffer.from('text')), 'value_error'],
      [control.slice(0, control.length / 2), 'value_error'],
      [null, 'string_type'],
    ],
  ],
  [
    depth,
    'steps',
    [15, 50],
    [
      [14, 'greater_than_equal'],
      [51, 'less_than_equal'],
    ],
  ],
  [
    depth,
    'guidance',
    [1, 100],
    [
      [0.9, 'greater_than_equal'],
      [100.1, 'less_than_equal'],
    ],
  ],
  [
    fill,
    'guidance',
    [1.5, 100],
    [
      [1.4, 'greater_than_equal'],
      [100.1, 'less_than_equal'],
    ],
  ],
  [fill, 'mask', [null, control], [[base64(await still(32, 32)), 'value_error']]],
  [klein, 'safety_tolerance', [0, 5], [[6, 'less_than_equal']]],
  [
    klein,
    'width',
    [0, 64, 1000, null],
    [
      [63, 'greater_than_equal'],
      [-1, 'greater_than_equal'],
    ],
  ],
  [klein, 'input_image', [null, control, 'https://example.org/a.png'], [['no image', 'value_error']]],
];
