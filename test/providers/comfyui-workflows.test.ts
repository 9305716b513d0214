import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { createComfyProvider } from '../../src/providers/comfyui/comfyui.js';
import { cannyThreshold, seedOf } from '../../src/providers/comfyui/graph.js';
import { readWorkflows } from '../../src/providers/comfyui/workflows.js';
import plain from '../../src/providers/comfyui/workflows/flux-lora.json' with { type: 'json' };
import { cannyRequest, key, never, startBench } from './comfyui.js';

const plainRequest = {
  ...cannyRequest,
  model: 'flux-lora',
  endpoint: 'flux-lora',
  control: 'NONE',
  images: {},
} as const;

async function folderWith(files: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-workflows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

describe('the workflows that come with Darkroom', () => {
  const { byModel } = readWorkflows(null);
  const models = knownModels().filter(({ provider }) => provider === 'comfyui');

  it('are those of the catalogue, and take what it says they take', () => {
    expect(models.map(({ name }) => name).sort()).toEqual([...byModel.keys()].sort());
    for (const { name, parameters, images } of models) {
      const taken = Object.keys(byModel.get(name)?.bindings ?? {});
      // SaveImage writes PNG, so there is nothing to tell it.
      const { outputFormat, ...rest } = parameters;
      expect(outputFormat).toEqual({ kind: 'choice', values: ['png'], default: 'png' });
      expect(taken).toEqual(expect.arrayContaining([...Object.keys(rest), ...Object.keys(images)]));
    }
  });

  it('the size of a picture without control', () => {
    const provider = createComfyProvider();
    const described = provider.describe({ ...plainRequest, parameters: { width: 1216, height: 832 } });
    expect(described).toMatchObject({ prompt: { '8': { inputs: { width: 1216, height: 832, batch_size: 1 } } } });
  });

  it('what a request leaves open stays as it is', () => {
    const provider = createComfyProvider();
    const { prompt } = provider.describe({ ...plainRequest, parameters: {} }) as { prompt: typeof plain.graph };
    expect(prompt['9'].inputs).toMatchObject({ steps: 20, cfg: 1 });
    expect(prompt['9'].inputs.seed).toBe(seedOf({ key, parameters: {} }));
  });
});

describe('values', () => {
  it('a seed that nobody asked for is the attempt’s own, within what JSON carries', () => {
    const seeds = Array.from({ length: 500 }, (_, at) => seedOf({ key: `attempt-${at}`, parameters: {} }));
    expect(new Set(seeds).size).toBe(500);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
    expect(seedOf({ key: 'attempt-7', parameters: {} })).toBe(seeds[7]);
    expect(seedOf({ key: 'attempt-7', parameters: { seed: 0 } })).toBe(0);
  });

  it.each([
    [0, 0.01],
    [2, 0.01],
    [50, 0.1961],
    [200, 0.7843],
    [255, 0.99],
    [500, 0.99],
  ])('a threshold of %d is %d', (given, expected) => {
    expect(cannyThreshold(given)).toBe(expected);
  });
});

describe('the operator’s folder', () => {
  it('replaces workflows by model and gives LoRA files other names', async () => {
    const own = structuredClone(plain);
    own.graph['1'].inputs.unet_name = 'flux1-dev-fp8.safetensors';
    const folder = await folderWith({ 'mine.json': own, 'loras.json': { style: 'a/b.safetensors' }, 'notes.txt': 'x' });
    const provider = createComfyProvider({ workflows: folder });
    expect(provider.describe({ ...plainRequest, finetuneId: 'style' })).toMatchObject({
      prompt: {
        '1': { inputs: { unet_name: 'flux1-dev-fp8.safetensors' } },
        '4': { inputs: { lora_name: 'a/b.safetensors' } },
      },
    });
    expect(provider.describe(cannyRequest)).toMatchObject({ prompt: { '15': { class_type: 'Canny' } } });
  });

  it('a name of the operator’s is held against the server’s files like any other', async () => {
    const workflows = await folderWith({ 'loras.json': { style: 'a/b.safetensors' } });
    const { provider, account } = await startBench([{ body: ['a/b.safetensors'] }, { body: [] }], { workflows });
    const binding = { finetuneId: 'style', loraUrl: null };
    expect(await provider.checkBinding?.(account, binding, never)).toMatchObject({ kind: 'valid' });
    expect(await provider.submit(account, { ...plainRequest, finetuneId: 'style' }, never)).toMatchObject({
      kind: 'refused',
      message: 'the server has no LoRA file a/b.safetensors',
    });
  });

  it('the workflow for depth maps in the documents can be used', async () => {
    const file = 'flux-depth-map-lora.json';
    const text = await readFile(join(import.meta.dirname, '../../docs/comfyui', file), 'utf8');
    const { byModel } = readWorkflows(await folderWith({ [file]: text }));
    const types = Object.values(byModel.get('flux-depth-lora')?.graph ?? {}).map((node) => node.class_type);
    expect(types).not.toContain('DepthAnythingV2Preprocessor');
    expect(types).toContain('InstructPixToPixConditioning');
  });

  it('an empty list says that a workflow does not take a parameter', async () => {
    const own = { ...plain, bindings: { ...plain.bindings, guidance: [] } };
    const provider = createComfyProvider({ workflows: await folderWith({ 'a.json': own }) });
    const described = provider.describe({ ...plainRequest, parameters: { guidance: 9 } });
    expect(described).toMatchObject({ prompt: { '6': { inputs: { guidance: 3.5 } } } });
  });

  const { guidance: _, ...withoutGuidance } = plain.bindings;
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /own\.json: not readable as JSON/],
    ['the editor’s own format', { nodes: [], links: [] }, /own\.json: this is the editor's own format/],
    [
      'an unknown model',
      { ...plain, model: 'flux-x' },
      /own\.json: model: there is no model flux-x; there are: flux-lora/,
    ],
    ['a parameter forgotten', { ...plain, bindings: withoutGuidance }, /own\.json: bindings: guidance is missing/],
    ['a prompt that goes nowhere', { ...plain, bindings: { ...plain.bindings, prompt: [] } }, /bindings\.prompt: /],
    ['an unknown field', { ...plain, grpah: {} }, /own\.json: the file: .*grpah/],
    ['no output node', { ...plain, output: '99' }, /own\.json: output: there is no node 99/],
    [
      'a node that is missing',
      { ...plain, bindings: { ...plain.bindings, seed: [{ node: '77', input: 'seed' }] } },
      /bindings\.seed\.0\.node: there is no node 77/,
    ],
    [
      'an input that is missing',
      { ...plain, bindings: { ...plain.bindings, seed: [{ node: '9', input: 'sead' }] } },
      /bindings\.seed\.0\.input: node 9 has no input sead/,
    ],
    [
      'a link into nothing',
      { ...plain, graph: { ...plain.graph, '10': { class_type: 'VAEDecode', inputs: { samples: ['44', 0] } } } },
      /graph\.10\.inputs\.samples: it is linked to node 44/,
    ],
  ])('%s is told with file and field', async (__, content, message) => {
    const folder = await folderWith({ 'own.json': content });
    expect(() => createComfyProvider({ workflows: folder })).toThrow(message);
  });

  it('two workflows for one model, other names that are none, and a folder that is not there', async () => {
    const twice = await folderWith({ 'a.json': plain, 'b.json': plain });
    expect(() => readWorkflows(twice)).toThrow(/b\.json: model: flux-lora has a workflow already in .*a\.json/);
    const names = await folderWith({ 'loras.json': { style: 3 } });
    expect(() => readWorkflows(names)).toThrow(/loras\.json: style: /);
    expect(() => readWorkflows('/does/not/exist')).toThrow(/folder of ComfyUI workflows cannot be read/);
  });
});
