import type { StoredFile } from './files.js';
import { classOf, inputsOf, linkOf, type Graph } from './graph.js';
import { isControlLora } from './installed.js';
import type { Recipe } from './recipe.js';

/** Looks up an uploaded image by the name that a node has for it. */
export type ImageLookup = (name: string) => StoredFile | null;

type Size = { width: number; height: number };
/** An image on its way through a graph. */
type Pixels = Size & { hash: string | null; canny: { low: number; high: number } | null; depth: boolean };
type Model = { name: string; lora: string; strength: number };
type Words = {
  text: string;
  guidance: number | null;
  pixels: Pixels | null;
  /** Set when a part of the picture is to be repainted; `hash` is null when the image's own transparency tells which. */
  mask: { hash: string | null } | null;
};
type Latent = Size & { batch: number };

/** What the graph says about one picture: what is drawn, with which model. */
export type Meaning = { recipe: Recipe; model: string; text: string | null };

const usualSide = 1024;
/** Longest chain of nodes that is followed: a graph that has not been validated may go round in circles. */
const longest = 200;

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

function eights(pixels: number): number {
  return Math.max(8, Math.floor(pixels / 8) * 8);
}

/** Sides in the same proportions with so many pixels together, in whole steps. */
function scaledTo({ width, height }: Size, inputs: Record<string, unknown>): Size {
  const by = Math.sqrt((number(inputs['megapixels'], 1) * 1024 * 1024) / (width * height));
  const step = number(inputs['resolution_steps'], 1);
  const side = (pixels: number): number => Math.max(step, Math.round((pixels * by) / step) * step);
  return { width: side(width), height: side(height) };
}

/** Follows the links back from an output node. Tolerant: what is missing or wrong has its usual value. */
export function readMeaning(graph: Graph, output: string, lookup: ImageLookup): Meaning {
  let depth = 0;

  /** The class and inputs of the node that an input is linked to, with the number of the output. */
  function origin(value: unknown): { name: string; inputs: Record<string, unknown>; slot: number } | null {
    const link = linkOf(value);
    if (link === null || graph[link.id] === undefined || ++depth > longest) return null;
    return { name: classOf(graph, link.id), inputs: inputsOf(graph, link.id), slot: link.slot };
  }

  function fileOf(value: unknown): Pixels {
    const content = lookup(String(value))?.content;
    if (content === undefined) return { width: usualSide, height: usualSide, hash: null, canny: null, depth: false };
    const size = content.kind === 'bytes' ? content.size : content.recipe;
    const { width, height } = size ?? { width: usualSide, height: usualSide };
    return { width, height, hash: content.kind === 'bytes' ? content.hash : null, canny: null, depth: false };
  }

  function pixelsOf(value: unknown): Pixels | null {
    const node = origin(value);
    if (node === null) return null;
    const { name, inputs } = node;
    if (name === 'LoadImage' || name === 'LoadImageMask') return fileOf(inputs['image']);
    const from = pixelsOf(inputs['image']);
    if (from === null) return null;
    if (name === 'Canny') {
      return {
        ...from,
        canny: { low: number(inputs['low_threshold'], 0.4), high: number(inputs['high_threshold'], 0.8) },
      };
    }
    if (name === 'DepthAnythingV2Preprocessor') return { ...from, depth: true };
    if (name === 'ImageScaleToTotalPixels') return { ...from, ...scaledTo(from, inputs) };
    if (name !== 'ImageScale') return from;
    const [width, height] = [number(inputs['width'], 0), number(inputs['height'], 0)];
    if (width === 0 && height === 0) return from;
    // A side of 0 keeps the proportions.
    return {
      ...from,
      width: width || Math.max(1, Math.round((from.width * height) / from.height)),
      height: height || Math.max(1, Math.round((from.height * width) / from.width)),
    };
  }

  function modelOf(value: unknown): Model {
    const node = origin(value);
    if (node === null) return { name: '', lora: '', strength: 0 };
    const { name, inputs } = node;
    const file = inputs['unet_name'] ?? inputs['ckpt_name'];
    if (name === 'UNETLoader' || name === 'CheckpointLoaderSimple')
      return { name: String(file), lora: '', strength: 0 };
    const base = modelOf(inputs['model']);
    if (!name.startsWith('LoraLoader')) return base;
    const lora = String(inputs['lora_name']);
    if (isControlLora(lora)) return { ...base, name: `${base.name} + ${lora}` };
    const strength = clamp(Math.abs(number(inputs['strength_model'], 1)), 0, 2);
    return { ...base, lora: lora.replace(/\.\w+$/, ''), strength };
  }

  function maskOf(value: unknown): { hash: string | null } {
    const node = origin(value);
    if (node === null || node.name === 'LoadImage') return { hash: null };
    if (node.name === 'ImageToMask') return { hash: pixelsOf(node.inputs['image'])?.hash ?? null };
    const own = node.inputs['channel'] === 'alpha' ? null : fileOf(node.inputs['image']).hash;
    return { hash: own };
  }

  function wordsOf(value: unknown): Words {
    const node = origin(value);
    if (node === null) return { text: '', guidance: null, pixels: null, mask: null };
    const { name, inputs, slot } = node;
    if (name === 'CLIPTextEncode' || name === 'CLIPTextEncodeFlux') {
      const text = inputs['text'] ?? inputs['t5xxl'];
      const guidance = typeof inputs['guidance'] === 'number' ? inputs['guidance'] : null;
      return { text: typeof text === 'string' ? text : '', guidance, pixels: null, mask: null };
    }
    if (name === 'FluxGuidance')
      return { ...wordsOf(inputs['conditioning']), guidance: number(inputs['guidance'], 3.5) };
    if (name === 'ConditioningZeroOut') return { ...wordsOf(inputs['conditioning']), text: '' };
    const before = wordsOf(inputs[slot === 1 ? 'negative' : 'positive']);
    const pixels = pixelsOf(inputs['pixels']);
    return { ...before, pixels, mask: name === 'InpaintModelConditioning' ? maskOf(inputs['mask']) : null };
  }

  function latentOf(value: unknown): Latent {
    const node = origin(value);
    if (node === null) return { width: usualSide, height: usualSide, batch: 1 };
    const { inputs } = node;
    if ('pixels' in inputs) {
      const { width, height } = pixelsOf(inputs['pixels']) ?? { width: usualSide, height: usualSide };
      return { width: eights(width), height: eights(height), batch: 1 };
    }
    if (!('batch_size' in inputs)) return sampled(node.name, inputs).latent;
    return {
      width: eights(number(inputs['width'], usualSide)),
      height: eights(number(inputs['height'], usualSide)),
      batch: clamp(number(inputs['batch_size'], 1), 1, 4096),
    };
  }

  /** What a sampler is given, whether in one node or in parts. */
  function sampled(
    name: string,
    inputs: Record<string, unknown>,
  ): { model: Model; words: Words; latent: Latent; seed: number; steps: number } {
    const latent = latentOf(inputs['latent_image']);
    if (name === 'KSampler') {
      const [model, words] = [modelOf(inputs['model']), wordsOf(inputs['positive'])];
      return { model, words, latent, seed: number(inputs['seed'], 0), steps: number(inputs['steps'], 20) };
    }
    const guider = origin(inputs['guider'])?.inputs ?? {};
    const steps = number(origin(inputs['sigmas'])?.inputs['steps'], 20);
    const seed = number(origin(inputs['noise'])?.inputs['noise_seed'], 0);
    return { model: modelOf(guider['model']), words: wordsOf(guider['conditioning']), latent, seed, steps };
  }

  const images = inputsOf(graph, output)['images'];
  const shown = origin(images);
  if (shown?.name !== 'VAEDecode') return { recipe: plain(pixelsOf(images)), model: '', text: null };
  const sampler = origin(shown.inputs['samples']);
  const { model, words, latent, seed, steps } = sampled(sampler?.name ?? '', sampler?.inputs ?? {});
  const { width, height, batch } = latent;
  const recipe = {
    kind: kindOf(words, model),
    prompt: words.text.replaceAll(/\[sandbox:[^\]]*\]/gi, ''),
    seed,
    lora: model.lora,
    strength: model.strength,
    guidance: clamp(((words.guidance ?? 3.5) - 1) / 99, 0, 1),
    steps: clamp((steps - 1) / 49, 0, 1),
    width,
    height,
    batch,
    low: words.pixels?.canny?.low ?? 0.4,
    high: words.pixels?.canny?.high ?? 0.8,
    control: words.pixels?.hash ?? null,
    mask: words.mask?.hash ?? null,
  };
  return { recipe, model: model.name, text: words.text };
}

function kindOf({ pixels, mask }: Words, model: Model): Recipe['kind'] {
  if (pixels === null || pixels.hash === null) return 'text';
  if (mask !== null) return 'fill';
  // A map that the caller has made is drawn along by what the model is for.
  return pixels.canny !== null || (!pixels.depth && model.name.includes('canny')) ? 'canny' : 'depth';
}

/** An image that is shown as it is, or as what a preprocessor made of it. */
function plain(pixels: Pixels | null): Recipe {
  const { width, height, hash, canny, depth } = pixels ?? {
    width: 64,
    height: 64,
    hash: null,
    canny: null,
    depth: false,
  };
  const kind = hash === null ? 'text' : canny !== null ? 'edges' : depth ? 'grey' : 'copy';
  const nothing = { prompt: '', seed: 0, lora: '', strength: 0, guidance: 0, steps: 0, batch: 1, mask: null };
  return { ...nothing, kind, width, height, low: canny?.low ?? 0.4, high: canny?.high ?? 0.8, control: hash };
}
