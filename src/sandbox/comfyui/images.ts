import { upscales, image, upload, side, threshold, type NodeClass } from './specs.js';

/** Classes that load, prepare, save and show images; one of them, for depth, is custom. */
export const imageClasses = {
  LoadImage: {
    required: { image: upload },
    output: ['IMAGE', 'MASK'],
    title: 'Load Image',
    category: 'image',
    work: 0.3,
  },
  LoadImageMask: {
    required: { image: upload, channel: [['alpha', 'red', 'green', 'blue']] },
    output: ['MASK'],
    title: 'Load Image (as Mask)',
    category: 'mask',
    work: 0.3,
  },
  ImageToMask: {
    required: { image, channel: [['red', 'green', 'blue', 'alpha']] },
    output: ['MASK'],
    title: 'Convert Image to Mask',
    category: 'mask',
    module: 'comfy_extras.nodes_mask',
    work: 0.1,
  },
  Canny: {
    required: { image, low_threshold: threshold(0.4), high_threshold: threshold(0.8) },
    output: ['IMAGE'],
    title: 'Canny',
    category: 'image/preprocessors',
    module: 'comfy_extras.nodes_canny',
    newer: true,
    work: 1,
  },
  DepthAnythingV2Preprocessor: {
    required: { image },
    optional: {
      ckpt_name: [
        [
          'depth_anything_v2_vitg.pth',
          'depth_anything_v2_vitl.pth',
          'depth_anything_v2_vitb.pth',
          'depth_anything_v2_vits.pth',
        ],
        { default: 'depth_anything_v2_vitl.pth' },
      ],
      resolution: side(512, 64, 64),
    },
    output: ['IMAGE'],
    title: 'Depth Anything V2 - Relative',
    category: 'ControlNet Preprocessors/Normal and Depth Estimators',
    module: 'custom_nodes.comfyui_controlnet_aux',
    work: 4,
  },
  ImageScale: {
    required: {
      image,
      upscale_method: [upscales],
      width: side(512, 0, 1),
      height: side(512, 0, 1),
      crop: [['disabled', 'center']],
    },
    output: ['IMAGE'],
    title: 'Upscale Image',
    category: 'image/upscaling',
    work: 0.3,
  },
  SaveImage: {
    required: { images: image, filename_prefix: ['STRING', { default: 'ComfyUI' }] },
    hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    output: [],
    title: 'Save Image',
    category: 'image',
    isOutput: true,
    work: 2,
  },
  PreviewImage: {
    required: { images: image },
    hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    output: [],
    title: 'Preview Image',
    category: 'image',
    isOutput: true,
    work: 0.5,
  },
} satisfies Record<string, NodeClass>;
